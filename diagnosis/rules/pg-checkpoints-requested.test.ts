import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { checkpointsRequested } from "./pg-checkpoints-requested.ts";

const MIB = 1_048_576;
/** 1,900 MiB and a completion target of 0.9: a checkpoint begins after 1,000 MiB. */
const writing = (mibPerSecond: number, requestedInWindow: number, windowSeconds = 3) => ({
  "pg.wal": { windowSeconds, bytesPerSecond: mibPerSecond * MIB, maxWalSizeBytes: 1_900 * MIB, checkpoints: { requestedInWindow } },
});

describe("pg-checkpoints-requested", () => {
  it("finds checkpoints that the volume explains, and warns when there is no doubt", () => {
    assert.deepEqual(judged(checkpointsRequested, writing(100, 1)), ["warning max_wal_size"]);
    assert.equal(Math.round(Number(firstFound(checkpointsRequested, writing(100, 1)).facts["checkpointIntervalSeconds"])), 10);
    assert.deepEqual(judged(checkpointsRequested, writing(50, 2, 60)), ["warning max_wal_size"]);
  });

  it("only advises when one was seen in a short window, at a moderate rate", () => {
    assert.deepEqual(judged(checkpointsRequested, writing(50, 1)), ["advice max_wal_size"]);
    assert.deepEqual(judged(checkpointsRequested, writing(50, 2, 120)), ["advice max_wal_size"]);
  });

  it("warns at the frequency at which PostgreSQL itself does", () => {
    assert.deepEqual(judged(checkpointsRequested, writing(1_000 / 30, 2, 60)), ["warning max_wal_size"]);
    assert.deepEqual(judged(checkpointsRequested, writing(1_000 / 31, 2, 60)), ["advice max_wal_size"]);
    assert.deepEqual(judged(checkpointsRequested, writing(50, 2, 61)), ["advice max_wal_size"]);
    assert.deepEqual(judged(checkpointsRequested, writing(1_000 / 11, 1)), ["advice max_wal_size"]);
  });

  it("is clear when the volume does not explain them: somebody asked for a checkpoint", () => {
    assert.equal(judged(checkpointsRequested, writing(6.6, 2)), "clear");
    assert.equal(judged(checkpointsRequested, writing(0, 3)), "clear");
    assert.deepEqual(judged(checkpointsRequested, writing(6.7, 2)), ["advice max_wal_size"]);
  });

  it("is clear when none was requested within the window, whatever the totals", () => {
    const overrides = { "pg.wal": { bytesPerSecond: 100 * MIB, checkpoints: { requested: 90_000 } } };
    assert.equal(judged(checkpointsRequested, overrides), "clear");
  });

  it("is undecided without WAL's evidence", () => {
    assert.equal(judged(checkpointsRequested, { "pg.wal": unseen("timed-out") }), "undecided: timed-out");
  });
});
