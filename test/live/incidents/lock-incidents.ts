import { startWorker } from "../../../sandbox/worker.ts";
import { type Bench, defineIncident, type Incident } from "../incident.ts";

const TABLE =
  "create table public.orders as select id, 'open' as status from generate_series(1, 1000) id; alter table public.orders add primary key (id)";
/** A queue that has stood for long enough that it is no passing wait. */
const STANDS = `select count(*) >= 3 from pg_stat_activity where wait_event_type = 'Lock' and state_change < now() - interval '4 s'`;

/** Three who want the first order, one behind the other. */
async function queueUp({ sessions }: Bench, text = "update public.orders set status = 'paid' where id = 1"): Promise<void> {
  for (const session of await sessions.openMany(3, { application: "billing" })) session.send(text);
}

/** Somebody waits, and somebody else is to blame. */
export const LOCK_INCIDENTS: readonly Incident[] = [
  defineIncident({
    cause: "idle-transaction-blocks",
    title: "a session at rest inside its transaction holds a row that others want",
    complaint: "Payments hang.",
    expect: {
      object: { kind: "session", application: "report" },
      never: ["long-statement-blocks", "leaked-transactions", "hot-row-contention"],
    },
    async inject(bench) {
      await bench.ask(TABLE);
      const holder = await bench.sessions.open({ application: "report" });
      await holder.query("begin; update public.orders set status = 'held' where id = 1");
      await queueUp(bench);
    },
    isLive: STANDS,
    cure: ({ ask }) => ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'report'"),
  }),

  defineIncident({
    cause: "idle-transaction-blocks",
    variant: "chain",
    title: "the one that blocks waits for another, who is to blame",
    expect: { object: { kind: "session", application: "report" }, never: ["long-statement-blocks", "hot-row-contention"] },
    async inject(bench) {
      await bench.ask(TABLE);
      const root = await bench.sessions.open({ application: "report" });
      await root.query("begin; update public.orders set status = 'held' where id = 1");
      const middle = await bench.sessions.open({ application: "stock" });
      await middle.query("begin; update public.orders set status = 'held' where id = 2");
      middle.send("update public.orders set status = 'held' where id = 1");
      await queueUp(bench, "update public.orders set status = 'paid' where id = 2");
    },
    isLive: STANDS,
    cure: ({ ask }) => ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name in ('report', 'stock')"),
  }),

  defineIncident({
    cause: "long-statement-blocks",
    title: "a statement that runs on and on holds a row that others want",
    expect: { object: { kind: "session", application: "report" }, never: ["idle-transaction-blocks", "ddl-queue", "hot-row-contention"] },
    async inject(bench) {
      await bench.ask(TABLE);
      const holder = await bench.sessions.open({ application: "report" });
      await holder.query("begin; update public.orders set status = 'held' where id = 1");
      holder.send("select pg_sleep(600)");
      await queueUp(bench);
    },
    isLive: STANDS,
    cure: ({ ask }) => ask("select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'report'"),
  }),

  defineIncident({
    cause: "ddl-queue",
    title: "an ALTER TABLE waits for a reader, and every other reader for the ALTER TABLE",
    complaint: "All reads of orders hang since the deployment.",
    expect: { never: ["idle-transaction-blocks", "long-statement-blocks", "hot-row-contention"] },
    async inject(bench) {
      await bench.ask(TABLE);
      const reader = await bench.sessions.open({ application: "report" });
      await reader.query("begin; select count(*) from public.orders");
      const migration = await bench.sessions.open({ application: "migration" });
      migration.send("alter table public.orders add column note text");
      await bench.waitUntil(
        "it waits",
        "select exists (select from pg_stat_activity where application_name = 'migration' and wait_event_type = 'Lock')",
      );
      await queueUp(bench, "select count(*) from public.orders");
    },
    isLive: STANDS,
    cure: ({ ask }) => ask("select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'migration'"),
  }),

  defineIncident({
    cause: "lock-order-deadlocks",
    title: "two services take the same two rows, each in its own order, again and again",
    complaint: "deadlock detected, every few seconds",
    settings: { deadlock_timeout: "100ms" },
    seconds: 3,
    expect: { never: ["idle-transaction-blocks", "long-statement-blocks"] },
    async inject({ ask, own, server }) {
      await ask(TABLE);
      for (const [application, first, second] of [
        ["stock", 1, 2],
        ["billing", 2, 1],
      ] as const) {
        own(
          startWorker(server, { application, pauseMs: 10 }, async (session) => {
            await session.query("begin");
            try {
              await session.query("update public.orders set status = 'x' where id = $1", [first]);
              await session.query("select pg_sleep(0.05)");
              await session.query("update public.orders set status = 'x' where id = $1", [second]);
            } finally {
              await session.query("commit");
            }
          }),
        );
      }
    },
    isLive: "select deadlocks >= 3 from pg_stat_database where datname = 'postgres'",
  }),

  defineIncident({
    cause: "orphaned-prepared-transaction",
    title: "a transaction was prepared, its coordinator is gone, and its locks are not",
    settings: { max_prepared_transactions: 5 },
    expect: { object: { kind: "prepared-transaction", gid: "order-4711" }, never: ["idle-transaction-blocks", "hot-row-contention"] },
    async inject(bench) {
      await bench.ask(TABLE);
      await bench.ask("begin; update public.orders set status = 'held' where id = 1; prepare transaction 'order-4711'");
      await queueUp(bench);
    },
    isLive: STANDS,
    cure: ({ ask }) => ask("rollback prepared 'order-4711'"),
  }),

  defineIncident({
    cause: "advisory-lock-held",
    title: "a job that is done keeps the advisory lock that the next ones want",
    expect: { object: { kind: "session", application: "nightly" }, never: ["idle-transaction-blocks", "hot-row-contention"] },
    async inject(bench) {
      const holder = await bench.sessions.open({ application: "nightly" });
      await holder.query("select pg_advisory_lock(4711)");
      await queueUp(bench, "select pg_advisory_xact_lock(4711)");
    },
    isLive: STANDS,
    cure: ({ ask }) => ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nightly'"),
  }),

  defineIncident({
    cause: "vacuum-blocks-ddl",
    title: "a slow VACUUM by hand keeps an ALTER TABLE waiting, and that everybody else",
    expect: { never: ["idle-transaction-blocks"] },
    async inject(bench) {
      await bench.ask("create table public.orders as select id, repeat('x', 500) as note from generate_series(1, 50000) id");
      await bench.ask("update public.orders set note = 'y'");
      const vacuum = await bench.sessions.open({ application: "cleanup" });
      await vacuum.query("set vacuum_cost_delay = 100; set vacuum_cost_limit = 10");
      vacuum.send("vacuum public.orders");
      await bench.waitUntil("it runs", "select exists (select from pg_stat_progress_vacuum)");
      const migration = await bench.sessions.open({ application: "migration" });
      migration.send("alter table public.orders add column paid bool");
      await bench.waitUntil(
        "it waits",
        "select exists (select from pg_stat_activity where application_name = 'migration' and wait_event_type = 'Lock')",
      );
      await queueUp(bench, "select count(*) from public.orders");
    },
    isLive: STANDS,
    cure: ({ ask }) => ask("select pg_cancel_backend(pid) from pg_stat_activity where application_name in ('cleanup', 'migration')"),
  }),

  defineIncident({
    cause: "hot-row-contention",
    title: "everybody counts up the same row, and no one for long",
    seconds: 2,
    expect: { never: ["idle-transaction-blocks", "long-statement-blocks", "lock-order-deadlocks"] },
    async inject({ ask, own, server, waitUntil }) {
      await ask("create table public.counter as select 1 as id, 0::bigint as n");
      const workers = Array.from({ length: 12 }, () =>
        own(
          startWorker(server, { application: "shop", pauseMs: 1 }, async (session) => {
            await session.query("begin; update public.counter set n = n + 1 where id = 1; select pg_sleep(0.02); commit");
          }),
        ),
      );
      await waitUntil("everybody has counted", () => workers.every(({ turns }) => turns > 1));
    },
    isLive: "select count(*) >= 5 from pg_stat_activity where application_name = 'shop' and wait_event_type = 'Lock'",
  }),
];
