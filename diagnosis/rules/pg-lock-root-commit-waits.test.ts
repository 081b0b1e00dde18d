import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, session, unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { lockRootCommitWaits } from "./pg-lock-root-commit-waits.ts";

const locks = (waitEvent: string) => ({
  "pg.locks": {
    waiting: 1,
    trees: [lockTree(session({ query: "commit", xactAgeSeconds: 60, waitEventType: "IPC", waitEvent }), [lockWaiter()])],
  },
});

describe("pg-lock-root-commit-waits", () => {
  it("finds a root that waits for a synchronous standby", () => {
    assert.deepEqual(judged(lockRootCommitWaits, locks("SyncRep")), ["critical pid 4711"]);
  });

  it("is clear for any other wait", () => {
    assert.equal(judged(lockRootCommitWaits, locks("BgWorkerShutdown")), "clear");
    assert.equal(judged(lockRootCommitWaits), "clear");
  });

  it("is undecided when locks were not seen", () => {
    assert.equal(judged(lockRootCommitWaits, { "pg.locks": unseen("timed-out") }), "undecided: timed-out");
  });
});
