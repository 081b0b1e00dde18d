import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LockTree, PgLocks } from "../../../diagnosis/evidence/pg-activity.ts";
import { PgLocks as PgLocksSchema } from "../../../diagnosis/evidence/pg-activity.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, type Session, type Sessions, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { startStandby } from "../../../sandbox/standby.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { locks } from "./pg-locks.ts";

const RELATION = { schema: "public", name: "orders" };

for (const { name, major, options } of POSTGRES_VERSIONS) {
  describe(`pg.locks on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox({
        ...options,
        settings: { max_prepared_transactions: 10, max_connections: 200, deadlock_timeout: "20s", autovacuum: false },
      });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login;
         create table orders (id int primary key, state text); insert into orders select i, 'new' from generate_series(1, 100) i;
         create table items (id int primary key, order_id int references orders); alter table orders set (parallel_workers = 2)`,
      );
      looker = lookerAt(server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const scene = async (build: (sessions: Sessions) => Promise<number>, check: (evidence: PgLocks) => void | Promise<void>) => {
      await using sessions = sessionsOn(server);
      const waiting = await build(sessions);
      await waitUntil(server, `${waiting} waiters`, `select count(*) = ${waiting} from pg_locks where not granted`);
      const { value } = await looker.look(locks);
      assert.deepEqual(PgLocksSchema.parse(value), value);
      await check(value);
    };
    const only = (evidence: PgLocks): LockTree => {
      assert.equal(evidence.trees.length, 1);
      const [tree] = evidence.trees;
      assert.ok(tree !== undefined);
      return tree;
    };
    const rootPid = ({ root }: LockTree) => (root.kind === "session" ? root.session.pid : root);
    const waitersOf = (tree: LockTree) => tree.waiters.map(({ session, depth }) => [session.pid, depth]);

    it("says that nobody waits when nobody waits", async () => {
      const { value } = await looker.look(locks);
      assert.deepEqual({ waiting: value.waiting, trees: value.trees, cycles: value.cycles }, { waiting: 0, trees: [], cycles: [] });
      // 64 locks for each of 200 connections and 10 prepared transactions.
      assert.equal(value.lockTableCapacity, 64 * 210);
      assert.equal(typeof value.locksHeld, "number");
    });

    it("follows a chain to the idle session at its root", async () => {
      let a: Session, b: Session, c: Session;
      await scene(
        async (sessions) => {
          [a, b, c] = await Promise.all(["A", "B", "C"].map((application) => sessions.open({ application }))).then(three);
          await a.query("begin; update orders set state = 'a' where id = 1");
          await b.query("begin; update orders set state = 'b' where id = 2");
          b.send("update orders set state = 'b' where id = 1");
          c.send("update orders set state = 'c' where id = 2");
          return 2;
        },
        (evidence) => {
          const tree = only(evidence);
          assert.equal(rootPid(tree), a.pid);
          assert.equal(tree.root.kind === "session" && tree.root.session.state, "idle in transaction");
          assert.equal(tree.root.kind === "session" && tree.root.session.hasWritten, true);
          assert.deepEqual([evidence.waiting, tree.blocked, tree.depth], [2, 2, 2]);
          assert.deepEqual(waitersOf(tree), [
            [b.pid, 1],
            [c.pid, 2],
          ]);
          assert.deepEqual(tree.waiters[0]?.wants, { lockType: "transactionid", mode: "ShareLock", relation: RELATION, advisoryKey: null });
          assert.deepEqual(tree.holds, [{ lockType: "transactionid", mode: "ExclusiveLock", relation: RELATION, advisoryKey: null }]);
          assert.deepEqual(tree.waiters[0]?.blockedBy, [a.pid]);
          assert.equal(tree.waiters[0]?.session.application, "B");
          assert.equal(tree.waiters[0]?.session.waitEventType, "Lock");
          assert.ok(tree.longestWaitSeconds >= 0 && tree.longestWaitSeconds < 600);
        },
      );
    });

    it("shows readers queued behind a DDL that waits for a reader", async () => {
      let reader: Session, ddl: Session, queue: readonly Session[];
      await scene(
        async (sessions) => {
          reader = await sessions.open({ application: "report" });
          await reader.query("begin; select count(*) from orders");
          ddl = await sessions.open({ application: "migration" });
          ddl.send("alter table orders add column note text");
          await waitUntil(server, "the DDL waits", "select count(*) = 1 from pg_locks where not granted");
          queue = await sessions.openMany(3, { application: "web" });
          for (const one of queue) one.send("select * from orders where id = 1");
          return 4;
        },
        (evidence) => {
          const tree = only(evidence);
          assert.equal(rootPid(tree), reader.pid);
          assert.equal(tree.blocked, 4);
          const [first, ...rest] = tree.waiters;
          assert.deepEqual([first?.session.pid, first?.wants.mode, first?.queuedBehind], [ddl.pid, "AccessExclusiveLock", []]);
          assert.deepEqual(first?.wants.relation, RELATION);
          assert.deepEqual(rest.map(({ session }) => session.pid).toSorted(), queue.map(({ pid }) => pid).toSorted());
          for (const one of rest) {
            assert.deepEqual([one.depth, one.blockedBy, one.queuedBehind], [2, [ddl.pid], [ddl.pid]]);
          }
          assert.deepEqual(tree.holds, [{ lockType: "relation", mode: "AccessShareLock", relation: RELATION, advisoryKey: null }]);
        },
      );
    });

    it("names the prepared transaction behind pid 0, and not the one beside it", async () => {
      try {
        await scene(
          async (sessions) => {
            const session = await sessions.open();
            await session.query("begin; update orders set state = 'p' where id = 8; prepare transaction 'innocent'");
            await session.query("begin; update orders set state = 'p' where id = 7; prepare transaction 'orphan'");
            const victim = await sessions.open();
            victim.send("update orders set state = 'v' where id = 7");
            return 1;
          },
          (evidence) => {
            const { root, waiters, holds } = only(evidence);
            assert.ok(root.kind === "prepared-transaction");
            assert.deepEqual([root.gid, root.owner, root.database], ["orphan", "postgres", "postgres"]);
            assert.ok(root.ageSeconds >= 0);
            assert.deepEqual(waiters[0]?.blockedBy, [0]);
            assert.deepEqual(holds[0]?.relation, RELATION);
          },
        );
      } finally {
        for (const gid of ["innocent", "orphan"]) await ask(server, `rollback prepared '${gid}'`);
      }
    });

    it("names a prepared transaction that holds a whole table", async () => {
      try {
        await scene(
          async (sessions) => {
            const session = await sessions.open();
            await session.query("begin; lock table items in access exclusive mode; prepare transaction 'table-owner'");
            const victim = await sessions.open();
            victim.send("select * from items");
            return 1;
          },
          (evidence) => {
            const { root, holds } = only(evidence);
            assert.equal(root.kind === "prepared-transaction" && root.gid, "table-owner");
            assert.deepEqual(holds, [
              { lockType: "relation", mode: "AccessExclusiveLock", relation: { schema: "public", name: "items" }, advisoryKey: null },
            ]);
          },
        );
      } finally {
        await ask(server, "rollback prepared 'table-owner'");
      }
    });

    it("shows the keys of advisory locks as their owners wrote them", async () => {
      await scene(
        async (sessions) => {
          const owner = await sessions.open();
          await owner.query("select pg_advisory_lock(-5000000001), pg_advisory_lock(-7, 42)");
          const [one, two] = await sessions.openMany(2);
          one?.send("select pg_advisory_lock(-5000000001)");
          two?.send("select pg_advisory_lock(-7, 42)");
          return 2;
        },
        (evidence) => {
          const tree = only(evidence);
          assert.equal(tree.root.kind === "session" && tree.root.session.state, "idle");
          assert.deepEqual(tree.waiters.map(({ wants }) => [wants.lockType, wants.advisoryKey]).toSorted(), [
            ["advisory", "-5000000001"],
            ["advisory", "-7,42"],
          ]);
          assert.deepEqual(tree.holds.map(({ advisoryKey }) => advisoryKey).toSorted(), ["-5000000001", "-7,42"]);
        },
      );
    });

    it("keeps two incidents apart", async () => {
      let one: Session, two: Session;
      await scene(
        async (sessions) => {
          [one, two] = await Promise.all([sessions.open(), sessions.open()]);
          await one.query("begin; update orders set state = 'x' where id = 11");
          await two.query("begin; update orders set state = 'x' where id = 12");
          const victims = await sessions.openMany(3);
          victims[0]?.send("update orders set state = 'y' where id = 11");
          victims[1]?.send("update orders set state = 'y' where id = 12");
          await waitUntil(server, "both wait", "select count(*) = 2 from pg_locks where not granted");
          victims[2]?.send("update orders set state = 'y' where id = 12");
          return 3;
        },
        (evidence) => {
          assert.deepEqual(
            evidence.trees.map((tree) => [rootPid(tree), tree.blocked]),
            [
              [two.pid, 2],
              [one.pid, 1],
            ],
          );
        },
      );
    });

    it("reports a deadlock in the making as a cycle without a root", async () => {
      let a: Session, b: Session;
      await scene(
        async (sessions) => {
          [a, b] = await Promise.all([sessions.open(), sessions.open()]);
          await a.query("begin; update orders set state = 'a' where id = 21");
          await b.query("begin; update orders set state = 'b' where id = 22");
          a.send("update orders set state = 'a' where id = 22");
          b.send("update orders set state = 'b' where id = 21");
          return 2;
        },
        (evidence) => {
          assert.deepEqual(evidence.cycles, [[a.pid, b.pid].toSorted((x, y) => x - y)]);
          assert.deepEqual(evidence.trees, []);
          assert.equal(evidence.waiting, 2);
        },
      );
    });

    it("finds the table of an insert that waits for another insert of the same key, which takes no tuple lock", async () => {
      await scene(
        async (sessions) => {
          const [first, second] = await sessions.openMany(2);
          await first?.query("begin; insert into orders values (900, 'mine')");
          second?.send("insert into orders values (900, 'no, mine')");
          return 1;
        },
        (evidence) => assert.deepEqual(only(evidence).waiters[0]?.wants.relation, RELATION),
      );
    });

    it("finds whom CREATE INDEX CONCURRENTLY waits for, and its table", async () => {
      await scene(
        async (sessions) => {
          const old = await sessions.open();
          await old.query("begin isolation level repeatable read; update orders set state = 'z' where id = 60");
          const builder = await sessions.open();
          builder.send("create index concurrently orders_state on orders (state)");
          return 1;
        },
        (evidence) => {
          const [first] = only(evidence).waiters;
          assert.ok(["virtualxid", "relation"].includes(first?.wants.lockType ?? ""));
          assert.deepEqual(first?.wants.relation, RELATION);
        },
      );
      await ask(server, "drop index if exists orders_state");
    });

    it("takes the workers of a parallel query for their leader", async () => {
      let leader: Session, ddl: Session;
      await scene(
        async (sessions) => {
          leader = await sessions.open();
          await leader.query(
            `create or replace function nap(seconds float8) returns int language plpgsql parallel safe cost 1000000 as 'begin perform pg_sleep(seconds); return 1; end';
             set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 2;
             set parallel_leader_participation = off`,
          );
          leader.send("select count(*) from orders where nap(30) = id");
          await waitUntil(server, "workers run", "select count(*) > 0 from pg_stat_activity where backend_type = 'parallel worker'");
          ddl = await sessions.open();
          ddl.send("alter table orders add column never text");
          return 1;
        },
        (evidence) => {
          const tree = only(evidence);
          assert.equal(rootPid(tree), leader.pid);
          assert.deepEqual(tree.waiters[0]?.blockedBy, [leader.pid]);
        },
      );
    });

    it("shows the leader of a parallel query as the one that waits when its workers do", async () => {
      let holder: Session, leader: Session;
      const forced =
        "set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set parallel_leader_participation = off";
      await scene(
        async (sessions) => {
          holder = await sessions.open();
          await holder.query("begin; lock table items in access exclusive mode");
          leader = await sessions.open({ application: "report" });
          await leader.query(
            `create or replace function peek() returns int language plpgsql parallel safe cost 1000000 as 'begin return (select count(*) from items); end'; ${forced}`,
          );
          leader.send("select count(*) from orders where peek() = id");
          // All rows are in one block, which one of the workers gets.
          return 1;
        },
        (evidence) => {
          const tree = only(evidence);
          assert.equal(rootPid(tree), holder.pid);
          assert.deepEqual([evidence.waiting, tree.blocked], [1, 1]);
          assert.deepEqual(waitersOf(tree), [[leader.pid, 1]]);
          assert.deepEqual([tree.waiters[0]?.session.application, tree.waiters[0]?.wants.relation?.name], ["report", "items"]);
        },
      );
    });

    it("collapses a crowd that waits for one row into one bounded tree", async () => {
      let root: Session;
      await scene(
        async (sessions) => {
          root = await sessions.open({ application: "billing" });
          await root.query("begin; update orders set state = 'held' where id = 30");
          for (const one of await sessions.openMany(60, { application: "web" })) one.send("update orders set state = 'w' where id = 30");
          return 60;
        },
        (evidence) => {
          const tree = only(evidence);
          assert.equal(rootPid(tree), root.pid);
          assert.deepEqual([evidence.waiting, tree.blocked, tree.depth, tree.waiters.length], [60, 60, 2, 20]);
          assert.ok(tree.waiters.every(({ wants }) => wants.relation?.name === "orders"));
          const tupleWaiter = tree.waiters.find(({ wants }) => wants.lockType === "tuple");
          assert.ok(tupleWaiter !== undefined);
          // The first in the queue holds the row's tuple lock; the others only stand between.
          assert.ok(!tupleWaiter.queuedBehind.includes(tree.waiters[0]?.session.pid ?? 0));
        },
      );
    });

    it("counts a wait for a holder that has just changed from then, not from the statement's begin", async () => {
      await using sessions = sessionsOn(server);
      const [a, b, c] = await sessions.openMany(3, { application: "web" }).then(three);
      await a.query("begin; update orders set state = 'a' where id = 31");
      await b.query("begin");
      b.send("update orders set state = 'b' where id = 31");
      await waitUntil(server, "one waits", "select count(*) = 1 from pg_locks where not granted");
      c.send("update orders set state = 'c' where id = 31");
      await waitUntil(
        server,
        "both have waited for long",
        `select count(*) = 2 from pg_stat_activity where wait_event_type = 'Lock' and query_start < clock_timestamp() - interval '4 s'`,
      );
      // Before 14 the probe looks twice: the holder changes between its looks.
      const looking = looker.look(locks, { seconds: 2.5 });
      if (major < 14) await sleep(1000);
      await a.query("commit");
      const { value } = major < 14 ? await looking : await looking.then(() => looker.look(locks));
      const tree = only(value);
      assert.equal(rootPid(tree), b.pid);
      assert.deepEqual(waitersOf(tree), [[c.pid, 1]]);
      assert.ok(tree.longestWaitSeconds < 4, `${tree.longestWaitSeconds} s`);
    });

    it("answers while pg_class itself is locked, and says that names are missing", async () => {
      await using sessions = sessionsOn(server);
      const [a, b, ddl] = await sessions.openMany(3).then(three);
      await a.query("begin; update orders set state = 'a' where id = 40");
      b.send("update orders set state = 'b' where id = 40");
      await waitUntil(server, "one waits", "select count(*) = 1 from pg_locks where not granted");
      // Log in first: a login reads pg_class, too.
      await looker.look(locks);
      await ddl.query("begin; lock table pg_class in access exclusive mode");
      const { value, skipped } = await looker.look(locks);
      await ddl.query("rollback");
      assert.equal(rootPid(only(value)), a.pid);
      assert.equal(only(value).waiters[0]?.wants.relation, null);
      assert.match(skipped.join(), /pg_class or pg_namespace is locked/);
    });

    it("shows an autovacuum worker at the root of a DDL's wait", async () => {
      await ask(server, "create table big as select i, repeat('x', 500) as filler from generate_series(1, 20000) i");
      await ask(server, "update big set i = i");
      await server.reload({
        autovacuum: true,
        autovacuum_naptime: "1s",
        autovacuum_vacuum_cost_delay: "100ms",
        autovacuum_vacuum_cost_limit: 1,
      });
      const isVacuumed = "select count(*) > 0 from pg_stat_activity where backend_type = 'autovacuum worker' and query like '%public.big%'";
      await waitUntil(server, "autovacuum is at work", isVacuumed, { timeoutSeconds: 60 });
      await scene(
        async (sessions) => {
          const ddl = await sessions.open();
          ddl.send("alter table big add column note text");
          return 1;
        },
        (evidence) => {
          const { root, holds } = only(evidence);
          assert.ok(root.kind === "session");
          assert.deepEqual([root.session.backendType, root.session.role], ["autovacuum worker", null]);
          assert.match(root.session.query ?? "", /^autovacuum: VACUUM (ANALYZE )?public\.big/);
          assert.deepEqual([holds[0]?.mode, holds[0]?.relation?.name], ["ShareUpdateExclusiveLock", "big"]);
        },
      );
      await server.reload({ autovacuum: false });
    });

    it("shows who blocks whom to a role without any grant, and that it may not see more", async () => {
      await using low = lookerAt(server.url({ role: "nobody_special" }));
      await using sessions = sessionsOn(server);
      const [a, b] = await sessions.openMany(2, { application: "web" });
      await a?.query("begin; update orders set state = 'a' where id = 50");
      b?.send("update orders set state = 'b' where id = 50");
      await waitUntil(server, "one waits", "select count(*) = 1 from pg_locks where not granted");
      const { value } = await low.look(locks);
      const tree = only(value);
      assert.deepEqual(tree.root, { kind: "unknown", pid: a?.pid });
      assert.deepEqual(
        [tree.waiters[0]?.session.pid, tree.waiters[0]?.session.state, tree.waiters[0]?.session.query],
        [b?.pid, null, null],
      );
    });
  });
}

for (const { name, options } of POSTGRES_VERSIONS.filter(({ major }) => major === 13 || major === 18)) {
  describe(`pg.locks on a standby with ${name}`, () => {
    it("shows the reader that holds up replay, of which pg_blocking_pids says nothing", async () => {
      await using primary = await startSandbox(options);
      await ask(primary, "create role monitor login; grant pg_monitor to monitor; create table orders (id int primary key)");
      await using standby = await startStandby(primary, { settings: { max_standby_streaming_delay: "60s" } });
      await standby.untilCaughtUp();
      await using sessions = sessionsOn(standby.server);
      const reader = await sessions.open({ application: "report" });
      await reader.query("begin isolation level repeatable read; select count(*) from orders");
      await ask(primary, "alter table orders add column note text");
      await waitUntil(standby.server, "replay waits", "select count(*) = 1 from pg_locks where not granted");
      await using looker = lookerAt(standby.server.url({ role: "monitor" }));
      const [tree, ...others] = (await looker.look(locks)).value.trees;
      assert.deepEqual(others, []);
      assert.equal(tree?.root.kind === "session" && tree.root.session.pid, reader.pid);
      assert.deepEqual(
        tree?.waiters.map(({ session, wants }) => [session.backendType, wants.mode, wants.relation?.name]),
        [["startup", "AccessExclusiveLock", "orders"]],
      );
    });
  });
}

function three<T>(all: readonly T[]): [T, T, T] {
  const [a, b, c] = all;
  if (a === undefined || b === undefined || c === undefined) throw new Error("there are not three");
  return [a, b, c];
}
