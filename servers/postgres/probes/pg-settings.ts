import type { PgSettings } from "../../../diagnosis/evidence/pg-operations.ts";
import { untrusted } from "../../../kernel/untrusted.ts";
import { defineProbe } from "../probe.ts";
import {
  type SettingRow,
  selectExtensions,
  selectFileErrors,
  selectHbaErrors,
  selectOverrides,
  selectSettings,
} from "../queries/settings.ts";
import { whereAllowed } from "../where-allowed.ts";

const OVERRIDE_CAP = 200;
const ERROR_CAP = 50;
const ERROR_CHARACTERS = 300;

/** Settings as they hold for the role and database of our connection. Values that can hold a secret are replaced in the server. */
export const settings = defineProbe({
  id: "pg.settings",

  async run({ sql }): Promise<PgSettings> {
    const rows = await selectSettings(sql);
    const overrides = await selectOverrides(sql, OVERRIDE_CAP);
    const fileErrors = await whereAllowed(() => selectFileErrors(sql, ERROR_CAP));
    const hbaErrors = await whereAllowed(() => selectHbaErrors(sql, ERROR_CAP));
    const extensions = await selectExtensions(sql);
    return {
      nonDefault: rows
        .filter(({ isDefault, pendingRestart }) => !isDefault || pendingRestart)
        .map(({ name, value, unit, source, pendingRestart }) => ({ name, value, unit, source, pendingRestart })),
      values: valuesOf(rows),
      overrides: [...overrides],
      fileErrors: fileErrors?.map((row) => ({ ...row, error: untrusted(row.error, ERROR_CHARACTERS) })) ?? null,
      hbaErrors: hbaErrors?.map((row) => ({ ...row, error: untrusted(row.error, ERROR_CHARACTERS) })) ?? null,
      extensions: extensions.map(({ name }) => name),
    };
  },
});

/**
 * The keys of `pg.settings`' `values`, and PostgreSQL's name for each. Bytes, Ms and Seconds say the unit; -1 keeps the
 * meaning that PostgreSQL gives it (no limit, or "as another setting says"). A key is absent where the server's version does
 * not know the setting or the role may not see it (shared_preload_libraries without pg_read_all_settings).
 */
export const SETTINGS_THAT_RULES_READ = {
  // Connections and timeouts
  maxConnections: "max_connections",
  superuserReservedConnections: "superuser_reserved_connections",
  reservedConnections: "reserved_connections",
  statementTimeoutMs: "statement_timeout",
  lockTimeoutMs: "lock_timeout",
  idleInTransactionSessionTimeoutMs: "idle_in_transaction_session_timeout",
  idleSessionTimeoutMs: "idle_session_timeout",
  transactionTimeoutMs: "transaction_timeout",
  deadlockTimeoutMs: "deadlock_timeout",
  clientConnectionCheckIntervalMs: "client_connection_check_interval",
  tcpKeepalivesIdleSeconds: "tcp_keepalives_idle",
  defaultTransactionReadOnly: "default_transaction_read_only",
  defaultTransactionIsolation: "default_transaction_isolation",
  sessionReplicationRole: "session_replication_role",
  maxPreparedTransactions: "max_prepared_transactions",
  maxLocksPerTransaction: "max_locks_per_transaction",
  listenAddresses: "listen_addresses",
  ssl: "ssl",
  passwordEncryption: "password_encryption",
  // Memory
  sharedBuffersBytes: "shared_buffers",
  sharedMemoryBytes: "shared_memory_size",
  hugePages: "huge_pages",
  hugePagesStatus: "huge_pages_status",
  workMemBytes: "work_mem",
  hashMemMultiplier: "hash_mem_multiplier",
  maintenanceWorkMemBytes: "maintenance_work_mem",
  autovacuumWorkMemBytes: "autovacuum_work_mem",
  logicalDecodingWorkMemBytes: "logical_decoding_work_mem",
  tempBuffersBytes: "temp_buffers",
  tempFileLimitBytes: "temp_file_limit",
  effectiveCacheSizeBytes: "effective_cache_size",
  dynamicSharedMemoryType: "dynamic_shared_memory_type",
  // Workers and I/O
  maxWorkerProcesses: "max_worker_processes",
  maxParallelWorkers: "max_parallel_workers",
  maxParallelWorkersPerGather: "max_parallel_workers_per_gather",
  maxParallelMaintenanceWorkers: "max_parallel_maintenance_workers",
  effectiveIoConcurrency: "effective_io_concurrency",
  ioMethod: "io_method",
  bgwriterDelayMs: "bgwriter_delay",
  bgwriterLruMaxpages: "bgwriter_lru_maxpages",
  bgwriterLruMultiplier: "bgwriter_lru_multiplier",
  // Durability
  fsync: "fsync",
  fullPageWrites: "full_page_writes",
  synchronousCommit: "synchronous_commit",
  dataChecksums: "data_checksums",
  zeroDamagedPages: "zero_damaged_pages",
  ignoreChecksumFailure: "ignore_checksum_failure",
  ignoreInvalidPages: "ignore_invalid_pages",
  ignoreSystemIndexes: "ignore_system_indexes",
  allowSystemTableMods: "allow_system_table_mods",
  restartAfterCrash: "restart_after_crash",
  // WAL, checkpoints, archiving
  walLevel: "wal_level",
  walCompression: "wal_compression",
  walBuffersBytes: "wal_buffers",
  walSegmentSizeBytes: "wal_segment_size",
  walKeepSizeBytes: "wal_keep_size",
  minWalSizeBytes: "min_wal_size",
  maxWalSizeBytes: "max_wal_size",
  maxSlotWalKeepSizeBytes: "max_slot_wal_keep_size",
  idleReplicationSlotTimeoutSeconds: "idle_replication_slot_timeout",
  checkpointTimeoutSeconds: "checkpoint_timeout",
  checkpointCompletionTarget: "checkpoint_completion_target",
  checkpointWarningSeconds: "checkpoint_warning",
  commitDelayMicroseconds: "commit_delay",
  archiveMode: "archive_mode",
  archiveTimeoutSeconds: "archive_timeout",
  // Replication
  maxWalSenders: "max_wal_senders",
  maxReplicationSlots: "max_replication_slots",
  maxLogicalReplicationWorkers: "max_logical_replication_workers",
  synchronousStandbyNames: "synchronous_standby_names",
  walSenderTimeoutMs: "wal_sender_timeout",
  walReceiverTimeoutMs: "wal_receiver_timeout",
  hotStandby: "hot_standby",
  hotStandbyFeedback: "hot_standby_feedback",
  maxStandbyStreamingDelayMs: "max_standby_streaming_delay",
  maxStandbyArchiveDelayMs: "max_standby_archive_delay",
  recoveryMinApplyDelayMs: "recovery_min_apply_delay",
  recoveryTargetAction: "recovery_target_action",
  // Vacuum
  autovacuum: "autovacuum",
  autovacuumMaxWorkers: "autovacuum_max_workers",
  autovacuumNaptimeSeconds: "autovacuum_naptime",
  autovacuumVacuumThreshold: "autovacuum_vacuum_threshold",
  autovacuumVacuumMaxThreshold: "autovacuum_vacuum_max_threshold",
  autovacuumVacuumScaleFactor: "autovacuum_vacuum_scale_factor",
  autovacuumVacuumInsertThreshold: "autovacuum_vacuum_insert_threshold",
  autovacuumVacuumInsertScaleFactor: "autovacuum_vacuum_insert_scale_factor",
  autovacuumAnalyzeThreshold: "autovacuum_analyze_threshold",
  autovacuumAnalyzeScaleFactor: "autovacuum_analyze_scale_factor",
  autovacuumFreezeMaxAge: "autovacuum_freeze_max_age",
  autovacuumMultixactFreezeMaxAge: "autovacuum_multixact_freeze_max_age",
  autovacuumVacuumCostDelayMs: "autovacuum_vacuum_cost_delay",
  autovacuumVacuumCostLimit: "autovacuum_vacuum_cost_limit",
  vacuumCostDelayMs: "vacuum_cost_delay",
  vacuumCostLimit: "vacuum_cost_limit",
  vacuumFreezeMinAge: "vacuum_freeze_min_age",
  vacuumFreezeTableAge: "vacuum_freeze_table_age",
  vacuumFailsafeAge: "vacuum_failsafe_age",
  vacuumDeferCleanupAge: "vacuum_defer_cleanup_age",
  vacuumTruncate: "vacuum_truncate",
  // Planner
  randomPageCost: "random_page_cost",
  seqPageCost: "seq_page_cost",
  defaultStatisticsTarget: "default_statistics_target",
  planCacheMode: "plan_cache_mode",
  enableSeqscan: "enable_seqscan",
  enableIndexscan: "enable_indexscan",
  enableIndexonlyscan: "enable_indexonlyscan",
  enableBitmapscan: "enable_bitmapscan",
  enableHashjoin: "enable_hashjoin",
  enableMergejoin: "enable_mergejoin",
  enableNestloop: "enable_nestloop",
  enableHashagg: "enable_hashagg",
  enableSort: "enable_sort",
  enablePartitionPruning: "enable_partition_pruning",
  jit: "jit",
  jitAboveCost: "jit_above_cost",
  // Observability
  trackActivities: "track_activities",
  trackCounts: "track_counts",
  trackIoTiming: "track_io_timing",
  trackActivityQuerySizeBytes: "track_activity_query_size",
  computeQueryId: "compute_query_id",
  sharedPreloadLibraries: "shared_preload_libraries",
  loggingCollector: "logging_collector",
  logDestination: "log_destination",
  logCheckpoints: "log_checkpoints",
  logLockWaits: "log_lock_waits",
  logTempFilesBytes: "log_temp_files",
  logMinDurationStatementMs: "log_min_duration_statement",
  logAutovacuumMinDurationMs: "log_autovacuum_min_duration",
} as const satisfies Record<string, string>;

/** What rules may ask of `values`. */
export type SettingKey = keyof typeof SETTINGS_THAT_RULES_READ;

function valuesOf(rows: readonly SettingRow[]): PgSettings["values"] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const found = Object.entries(SETTINGS_THAT_RULES_READ).flatMap(([key, name]) => {
    const row = byName.get(name);
    return row === undefined ? [] : [[key, normalised(row)] as const];
  });
  return Object.fromEntries(found);
}

const KIB = 1024;

/** Units of pg_settings, each as the factor to bytes, milliseconds or seconds. Times of seconds and more come in seconds. */
const FACTOR: Readonly<Record<string, number>> = {
  B: 1,
  kB: KIB,
  "8kB": 8 * KIB,
  "16kB": 16 * KIB,
  "32kB": 32 * KIB,
  MB: KIB * KIB,
  "16MB": 16 * KIB * KIB,
  ms: 1,
  s: 1,
  min: 60,
};

function normalised({ value, unit, type }: SettingRow): string | number | boolean {
  if (type === "bool") return value === "on";
  if (type !== "integer" && type !== "real") return value;
  const amount = Number(value);
  return amount < 0 || unit === null ? amount : amount * (FACTOR[unit] ?? 1);
}
