import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { startingOrRecovering } from "./pg-starting-or-recovering.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-starting-or-recovering", () => {
  it("quotes what the server says of its start", () => {
    assert.deepEqual(
      judged(
        startingOrRecovering,
        refused({
          sqlState: "57P03",
          message: "the database system is not yet accepting connections",
          detail: "Consistent recovery state has not been yet reached.",
        }),
      ),
      ["critical db1.example.com:5432"],
    );
    assert.match(
      firstFound(
        startingOrRecovering,
        refused({
          sqlState: "57P03",
          message: "the database system is not yet accepting connections",
          detail: "Consistent recovery state has not been yet reached.",
        }),
      ).summary,
      /"the database system is not yet accepting connections" \(Consistent recovery state/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(startingOrRecovering), "clear");
    assert.equal(judged(startingOrRecovering, refused({ sqlState: "57P03", message: "the database system is shutting down" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(startingOrRecovering, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
