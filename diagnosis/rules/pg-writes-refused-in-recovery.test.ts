import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { writesRefusedInRecovery } from "./pg-writes-refused-in-recovery.ts";

const complaint = { text: "cannot execute INSERT in a read-only transaction", sqlStates: ["25006"] };
const standby = { "pg.server": { inRecovery: true } };

describe("pg-writes-refused-in-recovery", () => {
  it("finds a standby when somebody is told 25006", () => {
    assert.deepEqual(judged(writesRefusedInRecovery, { ...standby, complaint }), ["critical db1.example.com:5432"]);
  });

  it("finds a standby that the inventory calls a primary", () => {
    const overrides = { "pg.server": { inRecovery: true, expectedRole: "primary" as const } };
    assert.deepEqual(judged(writesRefusedInRecovery, overrides), ["critical db1.example.com:5432"]);
    assert.match(firstFound(writesRefusedInRecovery, overrides).summary, /the inventory says that it is a primary/);
  });

  it("is clear for a standby of which nobody complains, and for a primary of which somebody does", () => {
    assert.equal(judged(writesRefusedInRecovery, standby), "clear");
    assert.equal(judged(writesRefusedInRecovery, { complaint }), "clear");
  });

  it("is undecided when the server was not seen", () => {
    assert.equal(judged(writesRefusedInRecovery, { "pg.server": unseen("failed"), complaint }), "undecided: failed");
  });
});
