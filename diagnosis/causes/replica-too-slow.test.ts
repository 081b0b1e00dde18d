import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { standbyExample } from "../example-standby.ts";
import { causesOf, diagnosed } from "../judged.ts";

const slow = { replayBacklogBytes: 900_000_000, replayDelaySeconds: 90, replayBytesPerSecond: 4_000_000, receiveBytesPerSecond: 9_000_000 };

describe("replica-too-slow", () => {
  it("is claimed for the standby", () => {
    assert.deepEqual(causesOf(diagnosed(standbyExample(slow))), ["warning replica-too-slow: server"]);
  });

  it("is not claimed when replay is paused, or catches up", () => {
    assert.deepEqual(causesOf(diagnosed(standbyExample({ ...slow, replayPaused: true }))), ["warning replay-paused: server"]);
    assert.deepEqual(causesOf(diagnosed(standbyExample({ ...slow, replayBytesPerSecond: 40_000_000 }))), []);
  });
});
