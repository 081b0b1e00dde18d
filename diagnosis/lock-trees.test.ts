import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LockTree } from "./evidence/pg-activity.ts";
import { lockTarget, lockTree, lockWaiter, parkedSession, session } from "./example.ts";
import { kindOf, longestQueueOf, queueOf, relationsOf, severityOf } from "./lock-trees.ts";

const relation = { schema: "public", name: "orders" };
const wantsAll = lockTarget({ lockType: "relation", mode: "AccessExclusiveLock", relation });
const wantsRead = lockTarget({ lockType: "relation", mode: "AccessShareLock", relation });
const ddl = (waitSeconds = 20) =>
  lockWaiter({ session: { pid: 6000, query: "alter table orders add column note text" }, wants: wantsAll, waitSeconds });
const reader = (pid: number) => lockWaiter({ session: { pid }, wants: wantsRead, blockedBy: [6000], queuedBehind: [6000], depth: 2 });
const worker = (xactAgeSeconds: number) => session({ xactAgeSeconds, queryAgeSeconds: xactAgeSeconds, stateAgeSeconds: xactAgeSeconds });

describe("a lock tree is an instance of exactly one kind", () => {
  const cases: readonly (readonly [string, LockTree, string])[] = [
    ["a parked root", lockTree(parkedSession(60), [lockWaiter()]), "idle"],
    ["an aborted and parked root", lockTree(parkedSession(60, { state: "idle in transaction (aborted)" }), [lockWaiter()]), "idle"],
    ["a parked root and a wait that others would give up", lockTree(parkedSession(4), [lockWaiter({ waitSeconds: 1 })]), "idle"],
    ["a parked root and a short wait", lockTree(parkedSession(4), [lockWaiter({ waitSeconds: 0.9 })]), "passing"],
    ["a root that paused for a moment", lockTree(parkedSession(2.9), [lockWaiter({ waitSeconds: 2.9 })]), "passing"],
    ["a batch between two statements", lockTree(parkedSession(0.01, { xactAgeSeconds: 300 }), [lockWaiter()]), "active"],
    ["a long statement", lockTree(worker(60), [lockWaiter()]), "active"],
    ["a statement that waits for its client", lockTree(session({ ...worker(60), waitEventType: "Client" }), [lockWaiter()]), "active"],
    ["a statement and a wait below three seconds", lockTree(worker(60), [lockWaiter({ waitSeconds: 2.9 })]), "passing"],
    ["a young holder of a hot row", lockTree(worker(0.1), [lockWaiter({ waitSeconds: 9 })]), "passing"],
    [
      "a hot row whose holder queued long, and whose queue moves",
      lockTree(worker(9), [lockWaiter({ waitSeconds: 0.05 }), lockWaiter({ session: { pid: 5002 }, waitSeconds: 12, depth: 2 })]),
      "passing",
    ],
    ["a holder that is younger than the wait, counted over several", lockTree(worker(5), [lockWaiter({ waitSeconds: 15 })]), "passing"],
    ["a parked root, and a statement that began before it", lockTree(parkedSession(5), [lockWaiter({ waitSeconds: 15 })]), "idle"],
    ["readers behind an ALTER TABLE", lockTree(worker(60), [ddl(), reader(6001), reader(6002)]), "ddl-queue"],
    ["readers behind an ALTER TABLE that waits for a parked one", lockTree(parkedSession(60), [ddl(), reader(6001)]), "ddl-queue"],
    ["an ALTER TABLE with nobody behind it", lockTree(parkedSession(60), [ddl()]), "idle"],
    [
      "more who wait for the root than behind the ALTER TABLE",
      lockTree(parkedSession(60), [ddl(), reader(6001), lockWaiter({ session: { pid: 1 } }), lockWaiter({ session: { pid: 2 } })]),
      "idle",
    ],
    ["a vacuum", lockTree(session({ ...worker(60), query: "vacuum orders" }), [ddl()]), "vacuum"],
    [
      "a vacuum with readers in the queue",
      lockTree(session({ ...worker(60), query: "VACUUM (verbose) orders" }), [ddl(), reader(6001)]),
      "vacuum",
    ],
    ["an autovacuum", lockTree(session({ ...worker(60), backendType: "autovacuum worker", state: null }), [ddl()]), "vacuum"],
    ["a VACUUM FULL, which is a rewrite", lockTree(session({ ...worker(60), query: "vacuum full orders" }), [lockWaiter()]), "active"],
    [
      "an advisory lock of an idle session",
      lockTree(session({ state: "idle", xactAgeSeconds: null }), [
        lockWaiter({ wants: lockTarget({ lockType: "advisory", advisoryKey: "42" }) }),
      ]),
      "advisory",
    ],
    [
      "an idle session without one: it ended between two looks",
      lockTree(session({ state: "idle", xactAgeSeconds: null }), [lockWaiter()]),
      "passing",
    ],
    [
      "a COMMIT that waits for a standby",
      lockTree(session({ ...worker(60), waitEventType: "IPC", waitEvent: "SyncRep" }), [lockWaiter()]),
      "commit-waits",
    ],
    ["a prepared transaction", lockTree(preparedRoot(), [lockWaiter({ waitSeconds: 2, blockedBy: [0] })]), "prepared"],
    ["a hidden state", lockTree(session({ state: null, xactAgeSeconds: null, query: null }), [lockWaiter()]), "unknown"],
    ["a root that was gone when it was read", lockTree({ kind: "unknown", pid: 4711 }, [lockWaiter()]), "passing"],
    [
      "a root that may not be seen, nor those who wait",
      lockTree({ kind: "unknown", pid: 4711 }, [lockWaiter({ session: { state: null } })]),
      "unknown",
    ],
    ["a prepared transaction that was not found", lockTree({ kind: "unknown", pid: 0 }, [lockWaiter()]), "unknown"],
  ];
  for (const [what, tree, kind] of cases) it(`${what}: ${kind}`, () => assert.equal(kindOf(tree), kind));
});

describe("a queue", () => {
  it("counts those behind the waiting statement, the unlisted included, and not those who wait for the root", () => {
    const queue = queueOf(lockTree(worker(60), [ddl(), reader(6001), reader(6002), lockWaiter({ session: { pid: 1 } })], { blocked: 500 }));
    assert.equal(queue?.ddl.session.pid, 6000);
    assert.equal(queue?.behind, 2 + 496);
  });

  it("counts those who wait behind others of it", () => {
    const writer = lockWaiter({ session: { pid: 7000 }, blockedBy: [6001], depth: 3 });
    assert.equal(queueOf(lockTree(worker(60), [ddl(), reader(6001), writer]))?.behind, 2);
  });

  it("is none behind a row lock, or behind a mode that lets reads and writes pass", () => {
    const concurrent = lockWaiter({
      session: { pid: 6000 },
      wants: lockTarget({ lockType: "relation", mode: "ShareUpdateExclusiveLock" }),
    });
    assert.equal(queueOf(lockTree(worker(60), [concurrent, reader(6001)])), null);
    assert.equal(queueOf(lockTree(worker(60), [lockWaiter({ session: { pid: 6000 } }), reader(6001)])), null);
  });
});

it("five who wait, or half a minute, are critical", () => {
  const severity = (blocked: number, longestWaitSeconds: number) => severityOf({ blocked, longestWaitSeconds });
  assert.deepEqual([severity(4, 29), severity(5, 4), severity(1, 30)], ["warning", "critical", "critical"]);
});

it("relations come most wanted first", () => {
  const other = lockTarget({ relation: { schema: "public", name: "items" } });
  const tree = lockTree(worker(60), [lockWaiter({ wants: other }), lockWaiter(), lockWaiter()]);
  assert.deepEqual(relationsOf(tree), ["public.orders", "public.items"]);
});

function preparedRoot() {
  return { kind: "prepared-transaction", gid: "b-1", owner: "app", database: "orders", ageSeconds: 60 } as const;
}

describe("a tree that lists only some of its waiters", () => {
  const writers = [5101, 5102, 5103, 5104].map((pid) => lockWaiter({ session: { pid } }));
  const listed = [ddl(), ...writers, ...[6001, 6002, 6003, 6004].map(reader)];

  it("takes those it leaves out for as deep as the totals say: most wait for the root itself", () => {
    const tree = lockTree(worker(60), listed, { blocked: 500, direct: 450 });
    assert.equal(queueOf(tree), null);
    assert.equal(longestQueueOf(tree)?.behind, 50);
  });

  it("takes those it leaves out for as deep as the totals say: most queue behind the statement in front", () => {
    const tree = lockTree(worker(60), listed, { blocked: 500, direct: 5 });
    assert.equal(queueOf(tree)?.behind, 495);
  });
});
