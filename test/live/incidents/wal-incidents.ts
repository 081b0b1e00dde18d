import { startWorker } from "../../../sandbox/worker.ts";
import { type Bench, defineIncident, type Incident } from "../incident.ts";

/** Writes so many MiB of WAL, and nothing else that lasts. */
function writeWal({ ask }: Pick<Bench, "ask">, mebibytes: number): PromiseLike<unknown> {
  return ask(
    `do $$ begin
       for i in 1..${mebibytes} loop perform pg_logical_emit_message(false, 'filler', repeat('x', 1024 * 1024)); end loop;
     end $$`,
  );
}

/** WAL, checkpoints and what keeps WAL. */
export const WAL_INCIDENTS: readonly Incident[] = [
  defineIncident({
    cause: "archiving-fails",
    title: "the archive refuses every segment",
    settings: { archive_mode: true, archive_command: "false" },
    expect: { never: ["stale-replication-slot", "wal-retention-misconfigured"] },
    async inject(bench) {
      await writeWal(bench, 1);
      await bench.ask("select pg_switch_wal()");
    },
    isLive: "select failed_count >= 1 from pg_stat_archiver",
    async cure({ server, waitUntil }) {
      await server.reload({ archive_command: "true" });
      await waitUntil("it archives", "select last_archived_time > last_failed_time from pg_stat_archiver");
    },
  }),

  defineIncident({
    cause: "stale-replication-slot",
    title: "a slot whose standby is long gone keeps WAL beyond max_wal_size",
    complaint: "pg_wal keeps growing.",
    settings: { max_wal_size: "64MB", min_wal_size: "32MB", checkpoint_timeout: "1h" },
    seconds: 1,
    expect: {
      object: { kind: "slot", name: "old_standby" },
      never: ["archiving-fails", "wal-retention-misconfigured", "wal-removed-before-standby"],
    },
    async inject(bench) {
      await bench.ask("select pg_create_physical_replication_slot('old_standby', true)");
      await writeWal(bench, 150);
      await bench.ask("checkpoint");
      bench.own(
        startWorker(bench.server, { application: "shop", pauseMs: 50 }, (session) =>
          session.query("select pg_logical_emit_message(false, 'x', 'y')"),
        ),
      );
    },
    isLive: "select pg_current_wal_lsn() - restart_lsn > 100 * 1024 * 1024 and not active from pg_replication_slots",
    cure: ({ ask }) => ask("select pg_drop_replication_slot('old_standby')"),
  }),

  defineIncident({
    cause: "max-wal-size-too-small",
    title: "a bulk of writes forces one checkpoint after the other",
    settings: { max_wal_size: "32MB", min_wal_size: "32MB", checkpoint_timeout: "1h" },
    seconds: 4,
    expect: { object: { kind: "setting", name: "max_wal_size" }, never: ["bgwriter-misconfigured", "wal-retention-misconfigured"] },
    async inject({ ask, own, server, waitUntil }) {
      await ask("create table public.events as select id, repeat('x', 200) as note from generate_series(1, 40000) id");
      const worker = own(
        startWorker(server, { application: "import", pauseMs: 1 }, (session) =>
          session.query("update public.events set note = note where id % 4 = 0"),
        ),
      );
      await waitUntil("it imports", () => worker.turns > 1);
    },
    isLive: "select current_setting('max_wal_size') = '32MB'",
  }),

  defineIncident({
    cause: "wal-retention-misconfigured",
    title: "wal_keep_size keeps many times max_wal_size, needed by nobody",
    settings: { max_wal_size: "32MB", min_wal_size: "32MB", wal_keep_size: "400MB", checkpoint_timeout: "1h" },
    expect: { object: { kind: "setting", name: "wal_keep_size" }, never: ["stale-replication-slot", "archiving-fails"] },
    async inject(bench) {
      await writeWal(bench, 320);
      await bench.ask("checkpoint");
    },
    isLive: "select sum(size) > 256 * 1024 * 1024 from pg_ls_waldir()",
    async cure({ server, ask }) {
      await server.reload({ wal_keep_size: 0 });
      await ask("select pg_switch_wal()");
      await ask("checkpoint");
    },
  }),

  defineIncident({
    cause: "bgwriter-misconfigured",
    title: "the background writer may write one page a round, and sessions write the rest",
    settings: { bgwriter_lru_maxpages: 1, shared_buffers: "4MB", checkpoint_timeout: "1h", max_wal_size: "8GB" },
    seconds: 3,
    expect: { object: { kind: "setting", name: "bgwriter_lru_maxpages" }, never: ["max-wal-size-too-small"] },
    async inject({ ask, own, server, waitUntil }) {
      await ask(
        "create table public.events as select id, repeat('x', 200) as note from generate_series(1, 100000) id; alter table public.events add primary key (id)",
      );
      const workers = [0, 1].map((client) =>
        own(
          startWorker(server, { application: "import", pauseMs: 1 }, (session, turn) =>
            session.query("update public.events set note = note where id % 50 = $1", [(turn * 2 + client) % 50]),
          ),
        ),
      );
      await waitUntil("they import", () => workers.every(({ turns }) => turns > 2));
    },
    isLive: "select maxwritten_clean > 3 from pg_stat_bgwriter",
    cure: ({ server }) => server.reload({ bgwriter_lru_maxpages: 100 }),
  }),
];
