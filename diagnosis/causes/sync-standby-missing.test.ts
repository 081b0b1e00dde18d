import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, session } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const missing = {
  "pg.replication": { synchronousStandbyNames: "standby9" },
  "pg.waits": { events: [{ type: "IPC", event: "SyncRep", averageSessions: 6 }] },
};

describe("sync-standby-missing", () => {
  it("is claimed for the setting, critical while commits hang", () => {
    const diagnosis = diagnosed(missing);
    assert.deepEqual(causesOf(diagnosis), ["critical sync-standby-missing: synchronous_standby_names"]);
    assert.match(firstCause(diagnosis).advice[1] ?? "", /one machine only/);
  });

  it("explains the queue behind a COMMIT that hangs", () => {
    const root = session({
      waitEventType: "IPC",
      waitEvent: "SyncRep",
      xactAgeSeconds: 60,
      queryAgeSeconds: 60,
      stateAgeSeconds: 60,
      query: "commit",
    });
    const diagnosis = diagnosed({ ...missing, "pg.locks": { waiting: 1, trees: [lockTree(root, [lockWaiter()])] } });
    assert.deepEqual(causesOf(diagnosis), ["critical sync-standby-missing: synchronous_standby_names"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-lock-root-commit-waits:pid 4711"]);
  });

  it("is not claimed where standbys are asynchronous", () => {
    assert.deepEqual(causesOf(diagnosed()), []);
  });
});
