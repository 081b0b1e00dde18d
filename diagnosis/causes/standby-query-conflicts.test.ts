import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { session } from "../example.ts";
import { standbyExample } from "../example-standby.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const still = { replayBytesPerSecond: 0, replayBacklogBytes: 40_000_000, replayDelaySeconds: 100, maxStandbyStreamingDelayMs: -1 };
const report = session({ pid: 4801, application: "reports", role: "reporting", xactAgeSeconds: 400, xminAge: 900 });
const blocked = (standby = {}) => diagnosed(standbyExample({ ...still, ...standby }, { "pg.sessions": { oldestTransactions: [report] } }));

describe("standby-query-conflicts", () => {
  it("is claimed for the session that replay waits for, which may be cancelled", () => {
    assert.deepEqual(causesOf(blocked()), ["warning standby-query-conflicts: pid 4801"]);
    assert.deepEqual(
      firstCause(blocked()).remedies.map(({ tool }) => tool),
      ["pg_cancel_query", "pg_terminate_session"],
    );
  });

  it("is claimed for the server when queries were cancelled, with nothing to end", () => {
    const diagnosis = diagnosed(standbyExample({ conflictsInWindow: 3 }));
    assert.deepEqual(causesOf(diagnosis), ["warning standby-query-conflicts: server"]);
    assert.deepEqual(firstCause(diagnosis).remedies, []);
  });

  it("is not claimed when somebody paused replay", () => {
    assert.deepEqual(causesOf(blocked({ replayPaused: true })), ["warning replay-paused: server"]);
    assert.deepEqual(causesOf(blocked({ replayPaused: true, conflictsInWindow: 1 })), ["warning replay-paused: server"]);
  });
});
