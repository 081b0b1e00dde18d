import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTarget, lockTree, lockWaiter, parkedSession, session, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { lockDdlQueue } from "./pg-lock-ddl-queue.ts";

const relation = { schema: "public", name: "orders" };
const ddl = lockWaiter({
  session: { pid: 6000, application: "migration", role: "owner", query: "alter table orders add column note text" },
  wants: lockTarget({ lockType: "relation", mode: "AccessExclusiveLock", relation }),
  blockedBy: [4711, 4712],
  waitSeconds: 20,
});
const readers = [6001, 6002, 6003].map((pid) =>
  lockWaiter({
    session: { pid },
    wants: lockTarget({ lockType: "relation", mode: "AccessShareLock", relation }),
    blockedBy: [6000],
    queuedBehind: [6000],
    depth: 2,
    waitSeconds: 15,
  }),
);
const report = (seconds: number, pid = 4711) =>
  session({ pid, application: "reports", role: "reporting", xactAgeSeconds: seconds, queryAgeSeconds: seconds, stateAgeSeconds: seconds });
const locks = (...trees: ReturnType<typeof lockTree>[]) => ({ "pg.locks": { waiting: 4, trees } });

describe("pg-lock-ddl-queue", () => {
  it("names the reader in front, the waiting statement, the relation and the length of the queue", () => {
    const overrides = locks(lockTree(report(240), [ddl, ...readers]));
    assert.deepEqual(judged(lockDdlQueue, overrides), ["warning pid 4711"]);
    const { summary, about, facts } = firstFound(lockDdlQueue, overrides);
    assert.equal(
      summary,
      '3 sessions queue on public.orders behind session 6000 of "migration" (role owner), which has waited 20 s for AccessExclusiveLock there; it waits for session 4711 of "reports" (role reporting), whose transaction is 4 min old',
    );
    assert.equal(about?.[0]?.kind === "session" && about[0].pid, 6000);
    assert.deepEqual([facts["queued"], facts["ddlPid"], facts["relation"]], [3, 6000, "public.orders"]);
  });

  it("is one finding where the statement waits for several readers: about the oldest, with the others named", () => {
    const overrides = locks(lockTree(report(30, 4712), [ddl, ...readers]), lockTree(report(240), [ddl, ...readers]));
    assert.deepEqual(judged(lockDdlQueue, overrides), ["warning pid 4711"]);
    assert.deepEqual(firstFound(lockDdlQueue, overrides).facts["otherRootPids"], [4712]);
  });

  it("says so when the reader in front does nothing", () => {
    const overrides = locks(lockTree(parkedSession(90), [ddl, ...readers]));
    assert.match(firstFound(lockDdlQueue, overrides).summary, /idle inside its transaction for 90 s$/);
  });

  it("is clear where nobody queues behind the statement, and where nobody waits", () => {
    assert.equal(judged(lockDdlQueue, locks(lockTree(report(240), [ddl]))), "clear");
    assert.equal(judged(lockDdlQueue), "clear");
  });

  it("is undecided when the root's state is hidden or locks were not seen", () => {
    assert.equal(judged(lockDdlQueue, locks(lockTree(session({ state: null }), [ddl, ...readers]))), "undecided: no-permission");
    assert.equal(judged(lockDdlQueue, { "pg.locks": unseen("timed-out") }), "undecided: timed-out");
  });
});
