import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTarget, lockTree, lockWaiter, session } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("vacuum-blocks-ddl", () => {
  const ddl = lockWaiter({
    session: { pid: 6000, query: "alter table orders add column note text" },
    wants: lockTarget({ lockType: "relation", mode: "AccessExclusiveLock" }),
  });
  const worker = session({
    pid: 800,
    backendType: "autovacuum worker",
    role: null,
    query: "autovacuum: VACUUM public.orders (to prevent wraparound)",
    xactAgeSeconds: 800,
  });
  const locks = (root: typeof worker) => ({ "pg.locks": { waiting: 1, trees: [lockTree(root, [ddl])] } });

  it("leaves the worker alone and cancels the statement that waits for it", () => {
    const diagnosis = diagnosed(locks(worker));
    assert.deepEqual(causesOf(diagnosis), ["critical vacuum-blocks-ddl: pid 800"]);
    assert.deepEqual(
      firstCause(diagnosis).remedies.map(({ tool, arguments: { pid } }) => [tool, pid]),
      [["pg_cancel_query", 6000]],
    );
    assert.match(firstCause(diagnosis).advice.join(" "), /prevents transaction id wraparound of public\.orders/);
  });

  it("may cancel a VACUUM by hand, second", () => {
    const byHand = session({ query: "vacuum orders", xactAgeSeconds: 60, queryAgeSeconds: 60 });
    assert.deepEqual(
      firstCause(diagnosed(locks(byHand))).remedies.map(({ arguments: { pid } }) => pid),
      [6000, 4711],
    );
  });

  it("is not claimed for VACUUM FULL, which is a long statement", () => {
    const full = session({ query: "vacuum full orders", xactAgeSeconds: 60, queryAgeSeconds: 60 });
    assert.deepEqual(causesOf(diagnosed(locks(full))), ["critical long-statement-blocks: pid 4711"]);
  });
});
