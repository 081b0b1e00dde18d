import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { standbyLags } from "./pg-standby-lags.ts";

const MIB = 1_048_576;
const sender = {
  pid: 901,
  backendStart: ago(90_000),
  application: "standby1",
  role: "replicator",
  client: "10.0.0.6",
  state: "streaming",
  syncState: "async",
  replayLagBytes: 256 * MIB,
  writeLagSeconds: 0.01,
  flushLagSeconds: 0.02,
  replayLagSeconds: 60,
  xminAge: null,
  replyAgeSeconds: 0.4,
  slot: "standby_1",
};
const overrides = (more = {}) => ({ "pg.replication": { senders: [{ ...sender, ...more }] } });

describe("pg-standby-lags", () => {
  it("names the standby that is far behind in bytes and in time, and its slot", () => {
    assert.deepEqual(judged(standbyLags, overrides()), ["warning standby1"]);
    assert.deepEqual(firstFound(standbyLags, overrides()).object, { kind: "standby", application: "standby1", address: "10.0.0.6" });
    assert.deepEqual(firstFound(standbyLags, overrides()).about, [{ kind: "slot", name: "standby_1" }]);
  });

  it("is clear below either threshold, without traffic, and for one that is being built", () => {
    assert.equal(judged(standbyLags, overrides({ replayLagBytes: 256 * MIB - 1 })), "clear");
    assert.equal(judged(standbyLags, overrides({ replayLagSeconds: 59.9 })), "clear");
    assert.equal(judged(standbyLags, overrides({ replayLagSeconds: null })), "clear");
    assert.equal(judged(standbyLags, overrides({ state: "catchup" })), "clear");
  });

  it("is undecided without replication's evidence", () => {
    assert.equal(judged(standbyLags, { "pg.replication": unseen("timed-out") }), "undecided: timed-out");
  });
});
