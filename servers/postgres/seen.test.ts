import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exampleSnapshot, unseen } from "../../diagnosis/example.ts";
import { seen, seenOrNull, skippedIn } from "./seen.ts";

const thrownBy = (act: () => unknown): Record<string, unknown> => {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return { ...error, message: error.message };
  }
  throw new Error("nothing was thrown");
};

describe("seen", () => {
  it("gives what was seen, and what was left out of it", () => {
    const snapshot = exampleSnapshot({ "pg.slots": { used: 42 } });
    assert.equal(seen(snapshot, "pg.slots").used, 42);
    assert.equal(seenOrNull(snapshot, "pg.slots")?.used, 42);
    const partial = {
      ...snapshot,
      evidence: {
        ...snapshot.evidence,
        "pg.locks": { outcome: "seen", durationMs: 1, value: seen(snapshot, "pg.locks"), skipped: ["names"] },
      },
    } as const;
    assert.deepEqual([skippedIn(partial, "pg.locks"), skippedIn(snapshot, "pg.locks")], [["names"], []]);
  });

  it("turns the reason why it was not into an error with a code and the next step", () => {
    const snapshot = exampleSnapshot({
      "pg.waits": unseen("no-permission", "grant pg_monitor to the role"),
      "pg.locks": unseen("unreachable"),
      "pg.slots": null,
    });
    const denied = thrownBy(() => seen(snapshot, "pg.waits"));
    assert.deepEqual([denied["code"], denied["hint"]], ["NO_PERMISSION", "grant pg_monitor to the role"]);
    const down = thrownBy(() => seen(snapshot, "pg.locks"));
    assert.equal(down["code"], "UNREACHABLE");
    assert.match(String(down["hint"]), /pg_diagnose/);
    assert.equal(thrownBy(() => seen(snapshot, "pg.slots"))["code"], "INTERNAL");
    assert.equal(seenOrNull(snapshot, "pg.locks"), null);
  });
});
