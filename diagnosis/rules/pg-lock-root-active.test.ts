import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, session, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { lockRootActive } from "./pg-lock-root-active.ts";

const waiters = [lockWaiter({ waitSeconds: 12 })];
const running = (seconds: number, more = {}) =>
  session({ xactAgeSeconds: seconds, queryAgeSeconds: seconds, stateAgeSeconds: seconds, ...more });
const locks = (root: ReturnType<typeof session>) => ({ "pg.locks": { waiting: 1, trees: [lockTree(root, waiters)] } });

describe("pg-lock-root-active", () => {
  it("names the session whose statement runs, with its age and whom it blocks", () => {
    assert.deepEqual(judged(lockRootActive, locks(running(60))), ["warning pid 4711"]);
    assert.match(
      firstFound(lockRootActive, locks(running(60))).summary,
      /has run its statement for 60 s and blocks 1 session on public\.orders/,
    );
  });

  it("speaks of the transaction where a batch runs many short statements", () => {
    const batch = running(0.2, { xactAgeSeconds: 300 });
    assert.match(firstFound(lockRootActive, locks(batch)).summary, /is 5 min into its transaction/);
  });

  it("says when the statement waits for its own client", () => {
    const stuck = running(60, { waitEventType: "Client", waitEvent: "ClientWrite" });
    assert.match(firstFound(lockRootActive, locks(stuck)).summary, /waits for its client \(ClientWrite\)/);
  });

  it("is clear for a statement of two seconds, and where COMMIT waits for a standby", () => {
    assert.equal(judged(lockRootActive, locks(running(2.9))), "clear");
    assert.equal(judged(lockRootActive, locks(running(60, { waitEventType: "IPC", waitEvent: "SyncRep" }))), "clear");
    assert.equal(judged(lockRootActive), "clear");
  });

  it("is undecided when the root's state is hidden or locks were not seen", () => {
    assert.equal(judged(lockRootActive, locks(session({ state: null }))), "undecided: no-permission");
    assert.equal(judged(lockRootActive, { "pg.locks": unseen("failed") }), "undecided: failed");
  });
});
