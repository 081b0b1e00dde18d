import { z } from "zod";
import { bytes, count, milliseconds, perSecond, Relation, ratio, seconds, time, transactionAge, untrusted } from "./units.ts";

/** Counters are read twice, `windowSeconds` apart; "PerSecond" and "InWindow" come from the difference, "total" from the last. */
export const PgDatabases = z.object({
  windowSeconds: seconds,
  databases: z.array(
    z.object({
      name: z.string(),
      /** Null without CONNECT on it. */
      sizeBytes: bytes.nullable(),
      connections: count,
      /** -1: none. */
      connectionLimit: z.number(),
      allowsConnections: z.boolean(),
      isTemplate: z.boolean(),
      commitsPerSecond: perSecond,
      rollbacksPerSecond: perSecond,
      blocksReadPerSecond: perSecond,
      blocksHitPerSecond: perSecond,
      /** Hits over hits and reads within the window; null when nothing was read. */
      hitRatio: ratio.nullable(),
      rowsReturnedPerSecond: perSecond,
      rowsFetchedPerSecond: perSecond,
      rowsInsertedPerSecond: perSecond,
      rowsUpdatedPerSecond: perSecond,
      rowsDeletedPerSecond: perSecond,
      tempFilesInWindow: count,
      tempBytesPerSecond: perSecond,
      deadlocksInWindow: count,
      deadlocksTotal: count,
      conflictsInWindow: count,
      conflictsTotal: count,
      /** 14 and later. */
      sessionsStartedInWindow: count.nullable(),
      checksumFailures: count.nullable(),
      checksumLastFailure: time.nullable(),
      freezeAge: transactionAge,
      multixactAge: transactionAge,
      statsReset: time.nullable(),
    }),
  ),
});
export type PgDatabases = z.output<typeof PgDatabases>;

export const Table = z.object({
  ...Relation.shape,
  /** r table, m materialized view, t toast, p partitioned. */
  kind: z.enum(["r", "m", "t", "p"]),
  /** relpages * block size: opens nothing, and is as old as the last vacuum or analyze. */
  sizeBytes: bytes,
  liveRows: z.number(),
  deadRows: z.number(),
  /** Dead rows beyond which autovacuum wants to vacuum, by the table's own options where it has any. */
  vacuumThresholdRows: z.number(),
  modifiedSinceAnalyze: z.number(),
  analyzeThresholdRows: z.number(),
  seqScansPerSecond: perSecond,
  seqRowsReadPerSecond: perSecond,
  indexScansPerSecond: perSecond,
  rowsInsertedPerSecond: perSecond,
  rowsUpdatedPerSecond: perSecond,
  hotUpdatesPerSecond: perSecond,
  rowsDeletedPerSecond: perSecond,
  seqScansTotal: count,
  indexScansTotal: count,
  lastVacuum: time.nullable(),
  lastAutovacuum: time.nullable(),
  lastAnalyze: time.nullable(),
  lastAutoanalyze: time.nullable(),
  freezeAge: transactionAge,
  multixactAge: transactionAge,
  /** autovacuum_freeze_max_age as it holds for this table. */
  freezeMaxAge: transactionAge,
  autovacuumEnabled: z.boolean(),
  /** reloptions, as name=value. */
  options: z.array(z.string()),
  indexes: count,
  /** By the widths in pg_statistic and relpages; clamped to the table's size. Null when there are no statistics. */
  estimatedBloatBytes: bytes.nullable(),
  /** A session holds ACCESS EXCLUSIVE on it, or waits for it: what opens the relation was left out. */
  lockedExclusively: z.boolean(),
});
export type Table = z.output<typeof Table>;

/** The worst tables of the connected database by size, dead rows, sequential reads, changes and freeze age; at most 100. */
export const PgTables = z.object({
  database: z.string(),
  windowSeconds: seconds,
  /** Tables, materialized views and toast tables. */
  total: count,
  totalBytes: bytes,
  /** Tables with more dead rows than their threshold. */
  overVacuumThreshold: count,
  withAutovacuumDisabled: count,
  statsReset: time.nullable(),
  tables: z.array(Table),
});
export type PgTables = z.output<typeof PgTables>;

export const Index = z.object({
  ...Relation.shape,
  table: z.string(),
  sizeBytes: bytes,
  scans: count,
  unique: z.boolean(),
  /** Backs a primary key, a unique or an exclusion constraint, or is the table's replica identity. */
  backsConstraint: z.boolean(),
  method: z.string(),
  /** Column names or "(expression)", in key order. */
  columns: z.array(z.string()),
});
export type Index = z.output<typeof Index>;

export const PgIndexes = z.object({
  database: z.string(),
  total: count,
  /** Since when `scans` have been counted. */
  statsSince: time.nullable(),
  statsAgeSeconds: seconds.nullable(),
  /** Not valid or not ready, and not being built right now. At most 50. */
  invalid: z.array(z.object({ ...Index.shape, beingBuilt: z.boolean() })),
  /** Same table, method, columns, operator classes, predicate and expressions; `keeps` is the one that would stay. At most 50. */
  duplicates: z.array(z.object({ ...Index.shape, keeps: z.string(), keepsSchema: z.string(), isPrefixOnly: z.boolean() })),
  /** No scan since `statsSince`, not unique, backs no constraint; largest first. At most 50. */
  unused: z.array(Index),
  /** Foreign keys whose referencing columns no index begins with, with the writes that have to look them up. At most 50. */
  unindexedForeignKeys: z.array(
    z.object({
      constraint: z.string(),
      ...Relation.shape,
      columns: z.array(z.string()),
      references: Relation,
      sizeBytes: bytes,
      /** Deletes and key updates of the referenced table, which each search the referencing one. */
      referencedDeletesPerSecond: perSecond,
      referencedUpdatesPerSecond: perSecond,
    }),
  ),
});
export type PgIndexes = z.output<typeof PgIndexes>;

/** pg_stat_statements, the difference over the window first. Null columns belong to later versions. */
export const PgStatements = z.object({
  windowSeconds: seconds,
  statsReset: time.nullable(),
  /** Entries thrown out for want of room (14 and later). */
  deallocations: count.nullable(),
  entries: count,
  /** By time in the window, then by total time; at most 50. */
  statements: z.array(
    z.object({
      queryId: z.string(),
      database: z.string(),
      role: z.string(),
      query: untrusted,
      callsPerSecond: perSecond,
      /** Milliseconds of execution per second: 1000 is one session all the time. */
      timePerSecondMs: milliseconds,
      meanMs: milliseconds,
      rowsPerCall: z.number(),
      sharedBlocksHitPerSecond: perSecond,
      sharedBlocksReadPerSecond: perSecond,
      tempBlocksWrittenPerSecond: perSecond,
      walBytesPerSecond: perSecond,
      totalCalls: count,
      totalTimeMs: milliseconds,
      totalTempBlocksWritten: count,
      /** Share of the time spent on compiling; 15 and later. */
      jitTimeMs: milliseconds.nullable(),
    }),
  ),
});
export type PgStatements = z.output<typeof PgStatements>;

export const PgSequences = z.object({
  total: count,
  /** Used to more than half, fullest first; at most 50. The limit is the lower of the sequence's and its column's. */
  sequences: z.array(
    z.object({
      ...Relation.shape,
      lastValue: z.number(),
      limit: z.number(),
      increment: z.number(),
      /** Of the way from 1 (-1 for a descending one), or from its start where that is further away, to the limit. */
      usedRatio: ratio,
      remaining: z.number(),
      cycles: z.boolean(),
      /** smallint, integer, bigint. */
      type: z.string(),
      column: z.object({ ...Relation.shape, column: z.string(), type: z.string() }).nullable(),
    }),
  ),
  /** Integer and smallint key columns that no sequence here fills, with the highest value that pg_stats knows; fullest first. */
  keys: z.array(
    z.object({ ...Relation.shape, column: z.string(), type: z.string(), highest: z.number(), limit: z.number(), usedRatio: ratio }),
  ),
});
export type PgSequences = z.output<typeof PgSequences>;

export const PgDisk = z.object({
  databases: z.array(z.object({ name: z.string(), sizeBytes: bytes })),
  tablespaces: z.array(z.object({ name: z.string(), sizeBytes: bytes.nullable(), location: z.string() })),
  walBytes: bytes.nullable(),
  /** pg_ls_tmpdir over all tablespaces; null without pg_monitor. */
  tempBytes: bytes.nullable(),
  dataDirectory: z.string().nullable(),
});
export type PgDisk = z.output<typeof PgDisk>;
