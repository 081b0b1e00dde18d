import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replicationSlot } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const GIB = 1_073_741_824;

describe("wal-retention-misconfigured", () => {
  it("is claimed for wal_keep_size, and explains the full directory", () => {
    const diagnosis = diagnosed({ "pg.wal": { walKeepSizeBytes: 400 * GIB, directoryBytes: 380 * GIB } });
    assert.equal(firstCause(diagnosis).id, "wal-retention-misconfigured");
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-wal-piles-up"]);
  });

  it("stands under the stale slot that the missing limit lets grow", () => {
    const slots = [replicationSlot({ name: "standby_2", active: false, activePid: null, retainedBytes: 30 * GIB, walStatus: "extended" })];
    const diagnosis = diagnosed({ "pg.wal": { maxSlotWalKeepBytes: -1 }, "pg.replication": { slots } });
    assert.deepEqual(causesOf(diagnosis), ["warning stale-replication-slot: standby_2"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-wal-retention:max_slot_wal_keep_size"]);
  });

  it("is not claimed for the defaults", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.wal": { maxSlotWalKeepBytes: -1, walKeepSizeBytes: 0 } })), []);
  });
});
