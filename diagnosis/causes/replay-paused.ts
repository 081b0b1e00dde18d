import { defineCause } from "../cause.ts";

export const replayPaused = defineCause({
  id: "replay-paused",
  title: "WAL replay was paused and not resumed",
  proof: ["pg-replay-paused"],
  explains: ["pg-standby-lags", "pg-replay-behind", "pg-standby-conflict"],
  refutedBy: [],
  remedies: [],
  advice: () => [
    "On this standby: select pg_wal_replay_resume();",
    "When it paused by itself (a recovery target was reached, or the primary's max_connections, max_worker_processes, max_wal_senders, max_prepared_transactions or max_locks_per_transaction exceed this server's), the server log says so; change that first.",
  ],
});
