import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, lockTarget, lockTree, lockWaiter, parkedSession, session } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("ddl-queue", () => {
  const relation = { schema: "public", name: "orders" };
  const ddl = lockWaiter({
    session: { pid: 6000, application: "migration", backendStart: ago(30), query: "alter table orders add column note text" },
    wants: lockTarget({ lockType: "relation", mode: "AccessExclusiveLock", relation }),
  });
  const reader = (pid: number) =>
    lockWaiter({
      session: { pid },
      wants: lockTarget({ lockType: "relation", mode: "AccessShareLock", relation }),
      blockedBy: [6000],
      queuedBehind: [6000],
      depth: 2,
    });
  const locks = (root: ReturnType<typeof session>) => ({
    "pg.locks": { waiting: 3, trees: [lockTree(root, [ddl, reader(6001), reader(6002)])] },
  });
  const report = session({ application: "reports", xactAgeSeconds: 300, queryAgeSeconds: 300 });

  it("names the reader in front, and cancels the waiting statement before anything else", () => {
    const diagnosis = diagnosed(locks(report));
    assert.deepEqual(causesOf(diagnosis), ["critical ddl-queue: pid 4711"]);
    assert.deepEqual(
      firstCause(diagnosis).remedies.map(({ tool, arguments: { pid } }) => [tool, pid]),
      [
        ["pg_cancel_query", 6000],
        ["pg_cancel_query", 4711],
        ["pg_terminate_session", 4711],
      ],
    );
  });

  it("says that the change waits for each of several readers", () => {
    const second = lockTree(parkedSession(200, { pid: 4712 }), [{ ...ddl, blockedBy: [4711, 4712] }, reader(6001), reader(6002)]);
    const first = lockTree(parkedSession(300), [{ ...ddl, blockedBy: [4711, 4712] }, reader(6001), reader(6002)]);
    const diagnosis = diagnosed({ "pg.locks": { waiting: 3, trees: [first, second] } });
    assert.deepEqual(causesOf(diagnosis), ["critical ddl-queue: pid 4711"]);
    assert.match(firstCause(diagnosis).summary, /idle inside its transaction for 5 min, and for 1 more$/);
    assert.match(firstCause(diagnosis).remedies.at(-1)?.say ?? "", /when the others have ended, too \(pid 4712\), then the queue/);
  });

  it("is one cause where the reader in front is idle inside its transaction", () => {
    const diagnosis = diagnosed(locks(parkedSession(300)));
    assert.deepEqual(causesOf(diagnosis), ["critical ddl-queue: pid 4711"]);
    assert.deepEqual(
      firstCause(diagnosis).remedies.map(({ tool, arguments: { pid } }) => [tool, pid]),
      [
        ["pg_cancel_query", 6000],
        ["pg_terminate_session", 4711],
      ],
    );
  });

  it("is not claimed for a statement that waits with nobody behind it", () => {
    const alone = diagnosed({ "pg.locks": { waiting: 1, trees: [lockTree(report, [ddl])] } });
    assert.deepEqual(causesOf(alone), ["critical long-statement-blocks: pid 4711"]);
  });
});
