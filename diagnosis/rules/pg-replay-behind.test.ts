import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { standbyExample } from "../example-standby.ts";
import { judged } from "../judged.ts";
import { replayBehind } from "./pg-replay-behind.ts";

const MIB = 1_048_576;
const slow = { replayBacklogBytes: 128 * MIB, replayDelaySeconds: 15, replayBytesPerSecond: 4 * MIB, receiveBytesPerSecond: 9 * MIB };
const judge = (more = {}, others = {}) => judged(replayBehind, standbyExample({ ...slow, ...more }, others));

describe("pg-replay-behind", () => {
  it("finds a standby that replays less than it receives, and is far behind", () => {
    assert.deepEqual(judge(), ["warning server"]);
  });

  it("is clear below either threshold, and while it catches up", () => {
    assert.equal(judge({ replayBacklogBytes: 128 * MIB - 1 }), "clear");
    assert.equal(judge({ replayDelaySeconds: 14.9 }), "clear");
    assert.equal(judge({ replayBytesPerSecond: 9 * MIB }), "clear");
  });

  it("is clear when replay is paused, stands still, or is delayed on purpose", () => {
    assert.equal(judge({ replayPaused: true }), "clear");
    assert.equal(judge({ replayBytesPerSecond: 0 }), "clear");
    assert.equal(judge({}, { "pg.settings": { values: { recoveryMinApplyDelayMs: 3_600_000 } } }), "clear");
  });

  it("is clear on a primary, and undecided without replication's evidence", () => {
    assert.equal(judged(replayBehind), "clear");
    assert.equal(judged(replayBehind, { "pg.replication": unseen("timed-out") }), "undecided: timed-out");
  });
});
