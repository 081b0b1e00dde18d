import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replicationSlot, unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { walRetention } from "./pg-wal-retention.ts";

const GIB = 1_073_741_824;
const keeping = (walKeepSizeBytes: number, directoryBytes: number) =>
  judged(walRetention, { "pg.wal": { walKeepSizeBytes, directoryBytes, maxWalSizeBytes: GIB } });

describe("pg-wal-retention", () => {
  it("names wal_keep_size when it is oversized and the directory is full of it", () => {
    assert.deepEqual(keeping(500 * GIB, 480 * GIB), ["advice wal_keep_size"]);
    assert.deepEqual(keeping(4 * GIB, 4 * GIB), ["advice wal_keep_size"]);
  });

  it("is clear while the directory is not, and for a modest size", () => {
    assert.equal(keeping(500 * GIB, 3.9 * GIB), "clear");
    assert.equal(keeping(3.9 * GIB, 9 * GIB), "clear");
  });

  it("never speaks of less than 256 MiB", () => {
    const MIB = 1_048_576;
    const at = (directoryBytes: number) =>
      judged(walRetention, { "pg.wal": { walKeepSizeBytes: GIB, directoryBytes, maxWalSizeBytes: 32 * MIB } });
    assert.equal(at(256 * MIB - 1), "clear");
    assert.deepEqual(at(256 * MIB), ["advice wal_keep_size"]);
  });

  it("names the missing limit once a slot really keeps much", () => {
    const at = (retainedBytes: number, maxSlotWalKeepBytes: number) =>
      judged(walRetention, { "pg.wal": { maxSlotWalKeepBytes }, "pg.replication": { slots: [replicationSlot({ retainedBytes })] } });
    assert.deepEqual(at(10 * GIB, -1), ["advice max_slot_wal_keep_size"]);
    assert.equal(at(10 * GIB - 1, -1), "clear");
    assert.equal(at(40 * GIB, 50 * GIB), "clear");
  });

  it("is undecided without WAL's evidence", () => {
    assert.equal(judged(walRetention, { "pg.wal": unseen("timed-out") }), "undecided: timed-out");
  });
});
