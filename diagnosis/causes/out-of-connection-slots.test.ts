import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("out-of-connection-slots", () => {
  it("is claimed for a refusal when nothing else could be seen", () => {
    const diagnosis = diagnose(refusedSnapshot({ sqlState: "53300", message: "sorry, too many clients already" }));
    assert.deepEqual(causesOf(diagnosis), ["critical out-of-connection-slots: db1.example.com:5432"]);
    assert.match(firstCause(diagnosis).advice.join(" "), /pg_use_reserved_connections/);
  });

  it("explains full slots whose sessions' states are hidden", () => {
    const { causes, unexplained } = diagnosed({ "pg.slots": { used: 97 }, "pg.sessions": { statesVisible: false } });
    assert.deepEqual([causes[0]?.id, causes[0]?.explains], ["out-of-connection-slots", ["pg-connections-exhausted"]]);
    assert.deepEqual(unexplained, []);
  });

  it("is not claimed when the holder can be told, or a limit is named", () => {
    const idle = diagnosed({ "pg.slots": { used: 97 }, "pg.sessions": { idle: 90, active: 5 } });
    assert.deepEqual(
      idle.causes.map(({ id }) => id),
      ["idle-sessions-pile-up"],
    );
    const limited = refusedSnapshot({ sqlState: "53300", role: "app", message: 'too many connections for role "app"' });
    assert.deepEqual(causesOf(diagnose(limited)), ["critical connection-limit-too-low: app"]);
  });
});
