import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { standbyExample } from "../example-standby.ts";
import { firstFound, judged } from "../judged.ts";
import { replayPaused } from "./pg-replay-paused.ts";

describe("pg-replay-paused", () => {
  it("finds a pause, and what has piled up behind it", () => {
    const overrides = standbyExample({ replayPaused: true, replayBacklogBytes: 50_000_000, replayDelaySeconds: 4_000 });
    assert.deepEqual(judged(replayPaused, overrides), ["warning server"]);
    assert.match(firstFound(replayPaused, overrides).summary, /47\.7 MiB received and not replayed.*66 min 40 s old/);
  });

  it("is clear on a standby that replays, however far behind, and on a primary", () => {
    assert.equal(judged(replayPaused, standbyExample({ replayBacklogBytes: 9e9 })), "clear");
    assert.equal(judged(replayPaused), "clear");
  });

  it("is undecided without replication's evidence", () => {
    assert.equal(judged(replayPaused, { "pg.replication": unseen("timed-out") }), "undecided: timed-out");
  });
});
