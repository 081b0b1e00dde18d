import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { standbyExample } from "../example-standby.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const gone = { receiverStatus: null, lastMessageAgeSeconds: null, receiveBytesPerSecond: 0, replayBytesPerSecond: 0 };

describe("standby-disconnected", () => {
  it("is claimed for the standby, and says which slot to look for on the primary", () => {
    const diagnosis = diagnosed(standbyExample(gone));
    assert.deepEqual(causesOf(diagnosis), ["warning standby-disconnected: server"]);
    assert.match(firstCause(diagnosis).advice.join(" "), /slot "standby_1"/);
  });

  it("is not claimed while WAL comes from the archive", () => {
    assert.deepEqual(causesOf(diagnosed(standbyExample({ ...gone, replayBytesPerSecond: 9_000_000 }))), []);
  });
});
