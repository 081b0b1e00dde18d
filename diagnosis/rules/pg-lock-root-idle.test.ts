import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTarget, lockTree, lockWaiter, parkedSession, session, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { lockRootIdle } from "./pg-lock-root-idle.ts";

const waiters = [lockWaiter({ waitSeconds: 42 }), lockWaiter({ session: { pid: 5002 }, depth: 2, blockedBy: [5001] })];
const tree = lockTree(parkedSession(312), waiters);
const locks = (...trees: (typeof tree)[]) => ({ "pg.locks": { waiting: 2, trees } });

describe("pg-lock-root-idle", () => {
  it("names the parked root with its client, what it blocks, on what and for how long", () => {
    assert.deepEqual(judged(lockRootIdle, locks(tree)), ["critical pid 4711"]);
    const { summary, about, facts } = firstFound(lockRootIdle, locks(tree));
    assert.equal(
      summary,
      'session 4711 of "checkout" (role app) has been idle inside its transaction for 5 min 12 s and blocks 2 sessions on public.orders, the longest for 42 s',
    );
    assert.deepEqual(about, [{ kind: "client", application: "checkout", role: "app" }]);
    assert.equal(facts["rootHasWritten"], true);
    assert.deepEqual(facts["blockedPids"], [5001, 5002]);
  });

  it("finds each root by itself", () => {
    const other = lockTree(parkedSession(20, { pid: 4712 }), [lockWaiter({ session: { pid: 5100 }, blockedBy: [4712], waitSeconds: 9 })]);
    assert.deepEqual(judged(lockRootIdle, locks(tree, other)), ["critical pid 4711", "warning pid 4712"]);
  });

  it("finds two who hold up the same waiters together once, and names both", () => {
    const both = [lockWaiter({ blockedBy: [4711, 4712] })];
    const trees = locks(lockTree(parkedSession(60), both), lockTree(parkedSession(50, { pid: 4712 }), both));
    assert.deepEqual(judged(lockRootIdle, trees), ["critical pid 4711"]);
    assert.match(firstFound(lockRootIdle, trees).summary, /, as does 1 session besides \(pid 4712\)$/);
    assert.equal(firstFound(lockRootIdle, trees).facts["blocksAlone"], false);
  });

  it("does not say beside a queue behind DDL, or an advisory lock, that nobody idle blocks", () => {
    const front = lockWaiter({ session: { pid: 6000 }, wants: lockTarget({ lockType: "relation", mode: "AccessExclusiveLock" }) });
    const readers = [6001, 6002].map((pid) => lockWaiter({ session: { pid }, blockedBy: [6000], queuedBehind: [6000], depth: 2 }));
    const queue = locks(lockTree(parkedSession(60), [front, ...readers]));
    assert.equal(clearText(lockRootIdle, queue), "session 4711 would hold up one session only: the others queue behind session 6000");
    const advisory = lockWaiter({ wants: lockTarget({ lockType: "advisory", advisoryKey: "1", relation: null }) });
    assert.equal(
      clearText(lockRootIdle, locks(lockTree(parkedSession(60), [advisory]))),
      "session 4711 is waited for because of an advisory lock",
    );
  });

  it("is clear while nobody waits, and when the pause is short", () => {
    assert.equal(judged(lockRootIdle), "clear");
    assert.equal(clearText(lockRootIdle), "nobody waits for a lock");
    assert.equal(judged(lockRootIdle, locks(lockTree(parkedSession(2.9), [lockWaiter({ waitSeconds: 2.9 })]))), "clear");
  });

  it("is undecided when the root's state is hidden or locks were not seen", () => {
    assert.equal(judged(lockRootIdle, locks(lockTree(session({ state: null }), waiters))), "undecided: no-permission");
    assert.equal(judged(lockRootIdle, { "pg.locks": unseen("timed-out") }), "undecided: timed-out");
  });
});
