import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { standbyExample } from "../example-standby.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("replay-paused", () => {
  it("is claimed for the standby, and rules slowness out", () => {
    const diagnosis = diagnosed(
      standbyExample({ replayPaused: true, replayBacklogBytes: 900_000_000, replayDelaySeconds: 900, replayBytesPerSecond: 0 }),
    );
    assert.deepEqual(causesOf(diagnosis), ["warning replay-paused: server"]);
    assert.match(firstCause(diagnosis).advice[0] ?? "", /pg_wal_replay_resume/);
  });

  it("is not claimed for a standby that is behind and replays", () => {
    assert.deepEqual(causesOf(diagnosed(standbyExample({ replayBacklogBytes: 900_000_000 }))), []);
  });
});
