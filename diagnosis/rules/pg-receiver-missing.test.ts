import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { standbyExample } from "../example-standby.ts";
import { firstFound, judged } from "../judged.ts";
import { receiverMissing } from "./pg-receiver-missing.ts";

const gone = { receiverStatus: null, lastMessageAgeSeconds: null, receiveBytesPerSecond: 0, replayBytesPerSecond: 0 };
const judge = (more = {}) => judged(receiverMissing, standbyExample({ ...gone, ...more }));

describe("pg-receiver-missing", () => {
  it("finds a standby without a receiver, and one whose primary is silent", () => {
    assert.deepEqual(judge(), ["warning server"]);
    assert.deepEqual(judge({ receiverStatus: "streaming", lastMessageAgeSeconds: 60 }), ["warning server"]);
    assert.deepEqual(firstFound(receiverMissing, standbyExample(gone)).about, [{ kind: "slot", name: "standby_1" }]);
  });

  it("is clear while something arrives or is replayed from the archive", () => {
    assert.equal(judge({ receiverStatus: "streaming", lastMessageAgeSeconds: 59 }), "clear");
    assert.equal(judge({ replayBytesPerSecond: 9_000_000 }), "clear");
  });

  it("is clear where no primary is configured, and on a primary", () => {
    assert.equal(judge({ primaryConninfoSet: false }), "clear");
    assert.equal(judged(receiverMissing), "clear");
  });

  it("is undecided without replication's evidence", () => {
    assert.equal(judged(receiverMissing, { "pg.replication": unseen("timed-out") }), "undecided: timed-out");
  });
});
