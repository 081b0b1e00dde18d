import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replicationSlot, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { slotInactive } from "./pg-slot-inactive.ts";

const GIB = 1_073_741_824;
const away = { name: "standby_2", active: false, activePid: null, inactiveSeconds: 90_000, retainedBytes: 30 * GIB, walStatus: "extended" };
const judge = (more = {}) =>
  judged(slotInactive, { "pg.replication": { slots: [replicationSlot(), replicationSlot({ ...away, ...more })] } });

describe("pg-slot-inactive", () => {
  it("names the slot that nobody reads and that keeps more than max_wal_size", () => {
    assert.deepEqual(judge(), ["warning standby_2"]);
    const { facts } = firstFound(slotInactive, { "pg.replication": { slots: [replicationSlot(away)] } });
    assert.equal(facts["retainedBytes"], 30 * GIB);
  });

  it("only advises while it keeps less than max_wal_size, or has been away for minutes only", () => {
    assert.deepEqual(judge({ retainedBytes: 3 * GIB, walStatus: "reserved" }), ["advice standby_2"]);
    assert.deepEqual(judge({ inactiveSeconds: 299 }), ["advice standby_2"]);
    assert.deepEqual(judge({ inactiveSeconds: 300 }), ["warning standby_2"]);
    assert.deepEqual(judge({ inactiveSeconds: 299, growthBytesPerSecond: 4_000_000 }), ["warning standby_2"]);
  });

  it("takes PostgreSQL's word for being beyond max_wal_size", () => {
    for (const walStatus of ["extended", "unreserved"]) assert.deepEqual(judge({ retainedBytes: GIB, walStatus }), ["warning standby_2"]);
    assert.deepEqual(judge({ retainedBytes: 4 * GIB, walStatus: "reserved" }), ["warning standby_2"]);
  });

  it("warns before 17, where nobody knows since when", () => {
    assert.deepEqual(judge({ inactiveSeconds: null }), ["warning standby_2"]);
  });

  it("is clear for an active slot, a temporary one, a lost one, and one that keeps little", () => {
    assert.equal(judge({ active: true }), "clear");
    assert.equal(judge({ temporary: true }), "clear");
    assert.equal(judge({ walStatus: "lost" }), "clear");
    assert.equal(judge({ retainedBytes: 32 * 1_048_576 - 1, walStatus: "reserved" }), "clear");
    assert.deepEqual(judge({ retainedBytes: 32 * 1_048_576, walStatus: "reserved" }), ["advice standby_2"]);
    assert.equal(judge({ retainedBytes: null, walStatus: null }), "clear");
  });

  it("leaves the copies of failover slots on a standby alone", () => {
    const slots = [replicationSlot({ ...away, type: "logical" })];
    assert.equal(judged(slotInactive, { "pg.replication": { slots, inRecovery: true } }), "clear");
    assert.deepEqual(judged(slotInactive, { "pg.replication": { slots } }), ["warning standby_2"]);
  });

  it("is undecided without the slots", () => {
    assert.equal(judged(slotInactive, { "pg.replication": unseen("no-permission") }), "undecided: no-permission");
  });
});
