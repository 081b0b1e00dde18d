import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTarget, lockTree, lockWaiter, session, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { lockRootAdvisory } from "./pg-lock-root-advisory.ts";

const wants = lockTarget({ lockType: "advisory", mode: "ExclusiveLock", relation: null, advisoryKey: "4242" });
const idle = session({ state: "idle", xactAgeSeconds: null });
const locks = (root: typeof idle, waitSeconds = 42) => ({
  "pg.locks": { waiting: 1, trees: [lockTree(root, [lockWaiter({ wants, waitSeconds })])] },
});

describe("pg-lock-root-advisory", () => {
  it("names the session that keeps the lock, idle as it is, and the key", () => {
    assert.deepEqual(judged(lockRootAdvisory, locks(idle)), ["critical pid 4711"]);
    const { summary, facts } = firstFound(lockRootAdvisory, locks(idle));
    assert.match(summary, /\(idle\) holds the advisory lock 4242 that 1 session waits for, the longest for 42 s/);
    assert.equal(facts["advisoryKey"], "4242");
  });

  it("finds a session at work, too", () => {
    assert.deepEqual(judged(lockRootAdvisory, locks(session(), 5)), ["warning pid 4711"]);
  });

  it("is clear for a wait of two seconds, and for other locks", () => {
    assert.equal(judged(lockRootAdvisory, locks(idle, 2.9)), "clear");
    assert.equal(judged(lockRootAdvisory, { "pg.locks": { waiting: 1, trees: [lockTree(idle, [lockWaiter()])] } }), "clear");
  });

  it("is undecided when the holder's state is hidden or locks were not seen", () => {
    assert.equal(judged(lockRootAdvisory, locks(session({ state: null }))), "undecided: no-permission");
    assert.equal(judged(lockRootAdvisory, { "pg.locks": unseen("timed-out") }), "undecided: timed-out");
  });
});
