import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { session, unseen } from "../example.ts";
import { standbyExample } from "../example-standby.ts";
import { firstFound, judged } from "../judged.ts";
import { standbyConflict } from "./pg-standby-conflict.ts";

const still = { replayBytesPerSecond: 0, replayBacklogBytes: 40_000_000, replayDelaySeconds: 100, maxStandbyStreamingDelayMs: -1 };
const report = session({ pid: 4801, application: "reports", role: "reporting", xactAgeSeconds: 400, xminAge: 900 });
const judge = (standby = {}, one = report, more = {}) =>
  judged(standbyConflict, standbyExample(standby, { "pg.sessions": { oldestTransactions: [one] }, ...more }));

describe("pg-standby-conflict", () => {
  it("finds queries that were cancelled within the window, not those of last month", () => {
    assert.deepEqual(judge({ conflictsInWindow: 2 }), ["warning server"]);
    assert.equal(judge(), "clear");
  });

  it("names the session behind which replay stands still", () => {
    assert.deepEqual(judge(still), ["warning pid 4801"]);
    const found = firstFound(standbyConflict, standbyExample(still, { "pg.sessions": { oldestTransactions: [report] } }));
    assert.deepEqual(found.about, [{ kind: "client", application: "reports", role: "reporting" }]);
    assert.match(found.summary, /-1 \(for ever\)/);
    const { pid, backendStart, application, role, database, client } = report;
    assert.deepEqual(found.object, { kind: "session", pid, backendStart, application, role, database, client });
  });

  it("only advises while the standstill is within what anybody agrees to, and ends by itself", () => {
    const bounded = { ...still, maxStandbyStreamingDelayMs: 600_000 };
    assert.deepEqual(judge({ ...bounded, replayDelaySeconds: 29 }), ["advice pid 4801"]);
    assert.deepEqual(judge({ ...bounded, replayDelaySeconds: 30 }), ["warning pid 4801"]);
    assert.deepEqual(judge({ ...still, replayDelaySeconds: 2 }), ["warning pid 4801"]);
  });

  it("does not blame a session that is younger than the standstill, or that has no snapshot", () => {
    // The window of the example is 3 s: so much older is the session when the delay is read.
    assert.equal(judge(still, session({ ...report, xactAgeSeconds: 96.9 })), "clear");
    assert.deepEqual(judge(still, session({ ...report, xactAgeSeconds: 97 })), ["warning pid 4801"]);
    assert.equal(judge(still, session({ ...report, xminAge: null })), "clear");
  });

  it("is clear when replay moves, is paused, is delayed on purpose, or never waits for queries", () => {
    assert.equal(judge({ ...still, replayBytesPerSecond: 1 }), "clear");
    assert.equal(judge({ ...still, replayPaused: true }), "clear");
    assert.equal(judge({ ...still, maxStandbyStreamingDelayMs: 0 }), "clear");
    assert.equal(judge({ ...still, replayBacklogBytes: 1_048_575 }), "clear");
    assert.deepEqual(judge({ ...still, replayBacklogBytes: 1_048_576 }), ["warning pid 4801"]);
    assert.equal(judge(still, report, { "pg.settings": { values: { recoveryMinApplyDelayMs: 60_000 } } }), "clear");
  });

  it("is clear on a primary, and undecided without replication's evidence", () => {
    assert.equal(judged(standbyConflict), "clear");
    assert.equal(judged(standbyConflict, { "pg.replication": unseen("timed-out") }), "undecided: timed-out");
  });
});
