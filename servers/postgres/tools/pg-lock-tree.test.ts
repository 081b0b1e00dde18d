import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTarget, lockTree, lockWaiter, parkedSession } from "../../../diagnosis/example.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { toolBenchAt } from "../../../test/tool-bench.ts";
import { lockTree as tool } from "./pg-lock-tree.ts";

const scene = async (server: SandboxServer) => {
  await ask(
    server,
    "create role monitor login; grant pg_monitor to monitor; create table orders (id int primary key); insert into orders values (1), (2)",
  );
  return toolBenchAt(server.url({ role: "monitor" }), { tools: [tool] });
};

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_lock_tree on ${name}`, () => {
    it("draws who waits for whom below the root", async () => {
      await using server = await startSandbox(options);
      await using bench = await scene(server);
      const quiet = await bench.call(tool);
      assert.match(quiet.text, /^Nobody waits for a lock\.\nLock table: \d+ of at least \d+ entries\.$/);

      await using sessions = sessionsOn(server);
      const root = await sessions.open({ application: "billing" });
      await root.query("begin; update orders set id = id where id = 1");
      const middle = await sessions.open({ application: "worker" });
      await middle.query("begin; update orders set id = id where id = 2");
      middle.send("update orders set id = id where id = 1");
      const last = await sessions.open({ application: "web" });
      last.send("update orders set id = id where id = 2");
      await waitUntil(server, "two wait", "select count(*) = 2 from pg_locks where not granted");

      const { text, structured } = await bench.call(tool);
      const [head, rootLine, holds, first, second, ...rest] = text.split("\n");
      assert.equal(head, "2 sessions wait for a lock, below 1 root:");
      assert.ok(rootLine?.startsWith(`■ ${root.pid} "billing" (postgres@postgres from 127.0.0.1): idle in transaction for `));
      assert.match(holds ?? "", /^ {2}holds a row of public\.orders; blocks 2, longest wait /);
      assert.match(first ?? "", new RegExp(`^  └ ${middle.pid} "worker" waits .* for a row of public\\.orders: "update orders`));
      assert.match(second ?? "", new RegExp(`^    └ ${last.pid} "web" waits .* for a row of public\\.orders: "update orders`));
      assert.equal(rest.length, 1);
      assert.deepEqual([structured["waiting"], structured["truncated"]], [2, false]);
    });
  });
}

describe("pg_lock_tree", () => {
  it("answers within 8 KB with 500 waiters below each of 20 roots, and says that there are more", async () => {
    const waiters = Array.from({ length: 20 }, (_, index) =>
      lockWaiter({ session: { pid: 5000 + index, query: "select ".padEnd(400, "x") }, blockedBy: [4711], depth: 1 }),
    );
    const tree = lockTree(parkedSession(312, { query: "update ".padEnd(400, "y") }), waiters, { blocked: 500 });
    const slim = waiters.slice(0, 8).map(({ session, ...rest }) => ({
      ...rest,
      pid: session.pid,
      backendStart: "",
      application: "web",
      role: "app",
      query: session.query,
    }));
    const result = {
      waiting: 10_000,
      trees: Array.from({ length: 5 }, () => ({ ...tree, waiters: slim })),
      cycles: [],
      locksHeld: 10_000,
      lockTableCapacity: 12_800,
      truncated: true,
      skipped: [],
    };
    const text = await tool.render(result);
    assert.ok(text.length < 8192, `${text.length} characters`);
    assert.match(text, /… 492 more/);
    assert.match(text, /more with maxTrees, maxWaiters/);
  });

  it("marks those that only queue, names a prepared transaction and a deadlock", async () => {
    const queued = {
      ...lockWaiter(),
      pid: 5002,
      backendStart: "",
      application: "web",
      role: "app",
      query: null,
      blockedBy: [5001],
      queuedBehind: [5001],
      depth: 1,
    };
    const text = await tool.render({
      waiting: 3,
      trees: [
        {
          ...lockTree({ kind: "prepared-transaction", gid: "orphan", owner: "app", database: "orders", ageSeconds: 7200 }, []),
          blocked: 1,
          holds: [lockTarget({ lockType: "relation", mode: "AccessExclusiveLock" })],
          waiters: [{ ...queued, wants: lockTarget({ lockType: "advisory", relation: null, advisoryKey: "42" }) }],
        },
      ],
      cycles: [[71, 72]],
      locksHeld: 1,
      lockTableCapacity: 2,
      truncated: false,
      skipped: ["names of relations: locked"],
    });
    assert.match(text, /■ prepared transaction "orphan" \(app@orders\), prepared 2 h ago/);
    assert.match(text, /holds AccessExclusive on public\.orders/);
    assert.match(text, /5002 "web" waits 42 s for advisory lock 42 \(only queued behind it\): \(hidden\)/);
    assert.match(text, /Deadlock in the making between 71, 72/);
    assert.match(text, /Not seen: names of relations: locked/);
  });
});
