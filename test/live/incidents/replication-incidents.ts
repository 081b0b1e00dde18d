import { openSession, waitUntil } from "../../../sandbox/sessions.ts";
import { type Standby, type StandbyOptions, startStandby } from "../../../sandbox/standby.ts";
import { type Bench, defineIncident, type Incident } from "../incident.ts";

/** A standby that streams. What happens to it is looked at there, or on the primary. */
async function addStandby(bench: Bench, options: StandbyOptions = {}): Promise<Standby> {
  const standby = bench.own(await startStandby(bench.server, options));
  await standby.untilStreaming();
  return standby;
}

/** Primary and standby part, or hinder each other. */
export const REPLICATION_INCIDENTS: readonly Incident[] = [
  defineIncident({
    cause: "replay-paused",
    title: "somebody paused the replay on the standby, and forgot it",
    complaint: "Reports on the replica show old data.",
    expect: { never: ["replica-too-slow", "standby-query-conflicts", "standby-disconnected"] },
    async inject(bench) {
      await bench.ask("create table public.orders (id int)");
      const standby = await addStandby(bench);
      await standby.untilCaughtUp();
      await using admin = await openSession(standby.server);
      await admin.query("select pg_wal_replay_pause()");
      await bench.ask("insert into public.orders select generate_series(1, 1000)");
      bench.lookAt(standby.server.url());
    },
    isLive: async (_bench, url) => {
      await using session = await openSession({ url: () => url });
      const [row] = await session.query(
        "select pg_is_wal_replay_paused() and pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn() as live",
      );
      return row?.["live"] === true;
    },
  }),

  defineIncident({
    cause: "standby-disconnected",
    title: "the standby cannot reach its primary any more",
    expect: { never: ["replay-paused", "replica-too-slow"] },
    async inject(bench) {
      const standby = await addStandby(bench);
      bench.lookAt(standby.server.url());
      await bench.server.stop("immediate");
    },
    isLive: async (_bench, url) => {
      await using session = await openSession({ url: () => url });
      const [row] = await session.query("select not exists (select from pg_stat_wal_receiver) as live");
      return row?.["live"] === true;
    },
    cure: async ({ server, waitUntil }) => {
      await server.start();
      await waitUntil("it streams again", "select exists (select from pg_stat_replication where state = 'streaming')");
    },
  }),

  defineIncident({
    cause: "sync-standby-missing",
    title: "the synchronous standby is gone, and every commit waits for it",
    complaint: "All writes hang, reads are fine.",
    seconds: 1,
    expect: { never: ["standby-disconnected", "long-statement-blocks"] },
    async inject({ ask, server, sessions }) {
      await ask("create table public.orders (id int)");
      await server.reload({ synchronous_standby_names: "replica_1" });
      for (const session of await sessions.openMany(3, { application: "shop" })) session.send("insert into public.orders values (1)");
    },
    isLive: "select count(*) = 3 from pg_stat_activity where wait_event = 'SyncRep'",
    cure: ({ server }) => server.reload({ synchronous_standby_names: "" }),
  }),

  defineIncident({
    cause: "standby-query-conflicts",
    title: "a long report on the standby makes replay wait",
    seconds: 1,
    expect: { never: ["replay-paused", "replica-too-slow", "standby-disconnected"] },
    async inject(bench) {
      await bench.ask("create table public.orders as select id from generate_series(1, 10000) id");
      const standby = await addStandby(bench, { settings: { max_standby_streaming_delay: -1 } });
      await standby.untilCaughtUp();
      const report = await openSession(standby.server, { application: "report" });
      bench.own(report);
      await report.query("begin isolation level repeatable read; select count(*) from public.orders");
      // A report that began well before what it holds up, as reports do.
      await waitUntil(
        standby.server,
        "it has gone on for a while",
        "select exists (select from pg_stat_activity where xact_start < now() - interval '4 s')",
      );
      await bench.ask("delete from public.orders where id < 9000");
      await bench.ask("vacuum public.orders");
      await bench.ask("insert into public.orders select generate_series(1, 60000)");
      bench.lookAt(standby.server.url());
    },
    isLive: async (_bench, url) => {
      await using session = await openSession({ url: () => url });
      const [row] = await session.query("select pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) > 2000000 as live");
      return row?.["live"] === true;
    },
  }),

  defineIncident({
    cause: "wal-removed-before-standby",
    title: "the primary removed WAL that a standby's slot still needed",
    settings: { max_wal_size: "32MB", min_wal_size: "32MB", max_slot_wal_keep_size: "16MB" },
    expect: { object: { kind: "slot", name: "replica_1" }, never: ["stale-replication-slot", "archiving-fails"] },
    async inject({ ask }) {
      await ask("select pg_create_physical_replication_slot('replica_1', true)");
      for (let round = 0; round < 5; round++) {
        await ask(
          "do $$ begin for i in 1..40 loop perform pg_logical_emit_message(false, 'x', repeat('x', 1024 * 1024)); end loop; end $$",
        );
        await ask("select pg_switch_wal()");
        await ask("checkpoint");
      }
    },
    isLive: "select wal_status = 'lost' from pg_replication_slots",
    cure: ({ ask }) => ask("select pg_drop_replication_slot('replica_1')"),
  }),

  defineIncident({
    cause: "logical-apply-fails",
    title: "a subscription meets a row that is there already, and starts over and over",
    settings: { wal_level: "logical", wal_retrieve_retry_interval: "200ms" },
    minMajor: 15,
    seconds: 2,
    expect: { object: { kind: "subscription", name: "orders_sub" }, never: ["stale-replication-slot"] },
    async inject(bench) {
      const { ask, server } = bench;
      await ask("create table public.orders (id int primary key)");
      await ask("create publication orders_pub for table public.orders");
      await ask("create database copy");
      await ask("select pg_create_logical_replication_slot('orders_sub', 'pgoutput')");
      await using session = await openSession(server, { database: "copy" });
      await session.query("create table public.orders (id int primary key); insert into public.orders values (1)");
      await session.query(
        `create subscription orders_sub connection 'host=${server.host} port=${server.port} user=postgres dbname=postgres'
           publication orders_pub with (create_slot = false, slot_name = 'orders_sub', copy_data = false)`,
      );
      await ask("insert into public.orders values (1)");
      bench.lookAt(server.url({ database: "copy" }));
    },
    isLive: async (_bench, url) => {
      await using session = await openSession({ url: () => url });
      const [row] = await session.query("select apply_error_count > 1 as live from pg_stat_subscription_stats");
      return row?.["live"] === true;
    },
    async cure({ server }) {
      await using session = await openSession(server, { database: "copy" });
      await session.query("delete from public.orders");
    },
  }),
];
