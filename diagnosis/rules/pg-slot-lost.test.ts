import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replicationSlot, unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { slotLost } from "./pg-slot-lost.ts";

const judge = (more = {}) =>
  judged(slotLost, { "pg.replication": { slots: [replicationSlot({ name: "cdc", active: false, activePid: null, ...more })] } });

describe("pg-slot-lost", () => {
  it("names a slot whose WAL was removed, with or without the reason that 17 gives", () => {
    assert.deepEqual(judge({ walStatus: "lost" }), ["warning cdc"]);
    assert.deepEqual(judge({ walStatus: "lost", invalidationReason: "wal_removed" }), ["warning cdc"]);
  });

  it("is clear for a slot that is only near, and for one that was invalidated on purpose", () => {
    assert.equal(judge({ walStatus: "unreserved" }), "clear");
    assert.equal(judge({ walStatus: "lost", invalidationReason: "idle_timeout" }), "clear");
  });

  it("is undecided without the slots", () => {
    assert.equal(judged(slotLost, { "pg.replication": unseen("timed-out") }), "undecided: timed-out");
  });
});
