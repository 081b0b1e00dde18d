import { z } from "zod";
import { bytes, count, milliseconds, perSecond, Relation, seconds, time, transactionAge, untrusted } from "./units.ts";

export const ReplicationSlot = z.object({
  name: z.string(),
  type: z.enum(["physical", "logical"]),
  database: z.string().nullable(),
  active: z.boolean(),
  activePid: count.nullable(),
  temporary: z.boolean(),
  /** reserved, extended, unreserved, lost. */
  walStatus: z.string().nullable(),
  /** WAL from its restart_lsn to now. Null when it reserves none. */
  retainedBytes: bytes.nullable(),
  /** What may still be written before it is lost; null when there is no limit. */
  safeWalBytes: bytes.nullable(),
  xminAge: transactionAge.nullable(),
  catalogXminAge: transactionAge.nullable(),
  /** 17 and later. */
  inactiveSeconds: seconds.nullable(),
  /** 17 and later, when it was invalidated. */
  invalidationReason: z.string().nullable(),
  /** How much `retainedBytes` grew within the sampling window. */
  growthBytesPerSecond: perSecond,
});
export type ReplicationSlot = z.output<typeof ReplicationSlot>;

export const PgReplication = z.object({
  inRecovery: z.boolean(),
  synchronousStandbyNames: z.string(),
  synchronousCommit: z.string(),
  /** WAL senders, as the sending side sees them. Lags are null without traffic. */
  senders: z.array(
    z.object({
      pid: count,
      backendStart: time,
      application: untrusted,
      role: z.string().nullable(),
      client: z.string().nullable(),
      state: z.string().nullable(),
      syncState: z.string().nullable(),
      /** WAL that was made here and not replayed there. */
      replayLagBytes: bytes.nullable(),
      writeLagSeconds: seconds.nullable(),
      flushLagSeconds: seconds.nullable(),
      replayLagSeconds: seconds.nullable(),
      /** The xmin that its hot_standby_feedback holds here. */
      xminAge: transactionAge.nullable(),
      /** Last message from it. */
      replyAgeSeconds: seconds.nullable(),
      slot: z.string().nullable(),
    }),
  ),
  slots: z.array(ReplicationSlot),
  /** Null on a primary. */
  standby: z
    .object({
      /** The WAL receiver's status; null when none runs. */
      receiverStatus: z.string().nullable(),
      senderHost: z.string().nullable(),
      slot: z.string().nullable(),
      lastMessageAgeSeconds: seconds.nullable(),
      replayPaused: z.boolean(),
      /** Received and not yet replayed. */
      replayBacklogBytes: bytes.nullable(),
      /** Since the commit of the last replayed transaction; meaningless while the primary is idle. */
      replayDelaySeconds: seconds.nullable(),
      replayBytesPerSecond: perSecond,
      receiveBytesPerSecond: perSecond,
      hotStandbyFeedback: z.boolean(),
      maxStandbyStreamingDelayMs: milliseconds,
      /** Queries cancelled since the statistics were reset, all databases: by kind of conflict. */
      conflicts: z.object({ tablespace: count, lock: count, snapshot: count, bufferpin: count, deadlock: count }),
      conflictsInWindow: count,
      primarySlotConfigured: z.boolean(),
      primaryConninfoSet: z.boolean(),
    })
    .nullable(),
  subscriptions: z.array(
    z.object({
      name: z.string(),
      enabled: z.boolean(),
      workerRunning: z.boolean(),
      lastMessageAgeSeconds: seconds.nullable(),
      /** 15 and later. */
      applyErrors: count.nullable(),
      syncErrors: count.nullable(),
      applyErrorsInWindow: count.nullable(),
    }),
  ),
});
export type PgReplication = z.output<typeof PgReplication>;

export const PgWal = z.object({
  windowSeconds: seconds,
  /** From two readings of the insert (or, on a standby, replay) position. */
  bytesPerSecond: perSecond,
  /** pg_ls_waldir; null without pg_monitor. */
  directoryBytes: bytes.nullable(),
  segments: count.nullable(),
  segmentBytes: bytes,
  maxWalSizeBytes: bytes,
  minWalSizeBytes: bytes,
  walKeepSizeBytes: bytes,
  /** -1: slots may keep any amount. */
  maxSlotWalKeepBytes: bytes,
  archiver: z.object({
    /** archive_mode. */
    mode: z.enum(["off", "on", "always"]),
    /** Whether archive_command or archive_library is set; never the command. */
    configured: z.boolean(),
    archived: count,
    failed: count,
    lastArchivedWal: z.string().nullable(),
    lastArchivedAt: time.nullable(),
    lastArchivedAgeSeconds: seconds.nullable(),
    lastFailedWal: z.string().nullable(),
    lastFailedAt: time.nullable(),
    lastFailedAgeSeconds: seconds.nullable(),
    failedInWindow: count,
    /** Segments marked ready and not archived; null without pg_monitor. */
    waitingSegments: count.nullable(),
  }),
  checkpoints: z.object({
    timed: count,
    requested: count,
    timedInWindow: count,
    requestedInWindow: count,
    /** checkpoint_timeout. */
    timeoutSeconds: seconds,
    completionTarget: z.number(),
    writeTimeMs: milliseconds,
    syncTimeMs: milliseconds,
    /** Since the counters were reset. */
    statsAgeSeconds: seconds.nullable(),
    /** From the control file, where it may be read (pg_control_checkpoint). */
    lastCheckpointAgeSeconds: seconds.nullable(),
  }),
  /** Who writes dirty buffers; rates within the window. Backends' own writes moved to pg_stat_io in 17: null there. */
  buffers: z.object({
    checkpointerPerSecond: perSecond,
    bgwriterPerSecond: perSecond,
    backendsPerSecond: perSecond.nullable(),
    bgwriterStoppedInWindow: count,
    bgwriterLruMaxPages: count,
  }),
});
export type PgWal = z.output<typeof PgWal>;

/** Who keeps dead rows alive. The age is in transactions from the present one back to the xmin that it holds. */
export const XminHolder = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("session"),
    pid: count,
    backendStart: time,
    application: untrusted,
    role: z.string().nullable(),
    database: z.string().nullable(),
    state: z.string().nullable(),
    xactAgeSeconds: seconds.nullable(),
    age: transactionAge,
  }),
  z.object({ kind: z.literal("prepared-transaction"), gid: z.string(), database: z.string(), ageSeconds: seconds, age: transactionAge }),
  /** `catalogOnly`: a logical slot holds the catalogs' horizon, not the user tables'. */
  z.object({ kind: z.literal("slot"), name: z.string(), active: z.boolean(), catalogOnly: z.boolean(), age: transactionAge }),
  z.object({ kind: z.literal("standby"), application: untrusted, client: z.string().nullable(), age: transactionAge }),
]);
export type XminHolder = z.output<typeof XminHolder>;

export const PgVacuum = z.object({
  /** autovacuum and track_counts: it runs only with both. */
  enabled: z.boolean(),
  trackCounts: z.boolean(),
  maxWorkers: count,
  naptimeSeconds: seconds,
  costDelayMs: milliseconds,
  costLimit: count,
  freezeMaxAge: transactionAge,
  multixactFreezeMaxAge: transactionAge,
  /** Vacuum and analyze workers and commands that run now. */
  running: z.array(
    z.object({
      pid: count,
      backendStart: time,
      relation: Relation.nullable(),
      database: z.string().nullable(),
      automatic: z.boolean(),
      /** "to prevent wraparound": it does not give way to a lock request. */
      toPreventWraparound: z.boolean(),
      phase: z.string().nullable(),
      seconds: seconds.nullable(),
      /** Of the heap. */
      scannedRatio: z.number().nullable(),
      waitEvent: z.string().nullable(),
    }),
  ),
  /** Oldest first; at most 20. */
  holders: z.array(XminHolder),
  /** Prepared transactions, old sessions and so on may be hidden from our role. */
  holdersVisible: z.boolean(),
  /** The databases' oldest. */
  oldestFreezeAge: transactionAge,
  oldestMultixactAge: transactionAge,
});
export type PgVacuum = z.output<typeof PgVacuum>;

export const PgSettings = z.object({
  /** Everything not at its built-in default; secrets replaced. `unit` as PostgreSQL gives it (kB, 8kB, ms, s...). */
  nonDefault: z.array(
    z.object({ name: z.string(), value: z.string(), unit: z.string().nullable(), source: z.string(), pendingRestart: z.boolean() }),
  ),
  /** Settings that rules read, whether at default or not: in bytes, seconds or plain numbers, by what the name says. */
  values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** ALTER ROLE/DATABASE ... SET. Empty role or database: all. */
  overrides: z.array(z.object({ role: z.string(), database: z.string(), name: z.string(), value: z.string() })),
  /** pg_file_settings rows with an error; null without the right to read them. */
  fileErrors: z.array(z.object({ file: z.string(), line: count.nullable(), name: z.string().nullable(), error: untrusted })).nullable(),
  /** pg_hba_file_rules rows with an error; null without the right to read them. */
  hbaErrors: z.array(z.object({ line: count, error: untrusted })).nullable(),
  /** Installed in the connected database. */
  extensions: z.array(z.string()),
});
export type PgSettings = z.output<typeof PgSettings>;
