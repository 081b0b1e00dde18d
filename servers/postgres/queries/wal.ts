import type { Sql } from "../sql.ts";

/** WAL, archiver, checkpoints and who writes buffers. Works on a standby, where positions are those of the replay. */
export interface WalCounters {
  readonly positionBytes: number;
  readonly archived: number;
  readonly failed: number;
  readonly lastArchivedWal: string | null;
  readonly lastArchivedAt: string | null;
  readonly lastArchivedAgeSeconds: number | null;
  readonly lastFailedWal: string | null;
  readonly lastFailedAt: string | null;
  readonly lastFailedAgeSeconds: number | null;
  readonly timed: number;
  readonly requested: number;
  readonly writeTimeMs: number;
  readonly syncTimeMs: number;
  readonly statsAgeSeconds: number | null;
  readonly checkpointerBuffers: number;
  readonly bgwriterBuffers: number;
  readonly backendBuffers: number | null;
  readonly bgwriterStopped: number;
}

/** pg_stat_checkpointer came, and pg_stat_bgwriter lost its columns about checkpoints and backends. */
const SPLIT_CHECKPOINTER = 170000;

export function selectWalCounters(sql: Sql, versionNum: number) {
  return versionNum >= SPLIT_CHECKPOINTER ? selectWithCheckpointer(sql) : selectWithBgwriter(sql);
}

const position = (sql: Sql) => sql.fragment`
      pg_wal_lsn_diff(
        case
          when pg_is_in_recovery() then pg_last_wal_replay_lsn()
          else pg_current_wal_insert_lsn()
        end,
        '0/0'
      )`;

const archiver = (sql: Sql) => sql.fragment`
      a.archived_count as "archived",
      a.failed_count as "failed",
      a.last_archived_wal as "lastArchivedWal",
      a.last_archived_time as "lastArchivedAt",
      extract(epoch from clock_timestamp() - a.last_archived_time)::double precision as "lastArchivedAgeSeconds",
      a.last_failed_wal as "lastFailedWal",
      a.last_failed_time as "lastFailedAt",
      extract(epoch from clock_timestamp() - a.last_failed_time)::double precision as "lastFailedAgeSeconds"`;

/** 17 and later. A standby's checkpoints are restartpoints. */
const selectWithCheckpointer = (sql: Sql) => sql<WalCounters>`
    select
      coalesce(${position(sql)}, 0) as "positionBytes",
      ${archiver(sql)},
      case when pg_is_in_recovery() then c.restartpoints_timed else c.num_timed end as "timed",
      case when pg_is_in_recovery() then c.restartpoints_req else c.num_requested end as "requested",
      c.write_time as "writeTimeMs",
      c.sync_time as "syncTimeMs",
      extract(epoch from clock_timestamp() - c.stats_reset)::double precision as "statsAgeSeconds",
      c.buffers_written as "checkpointerBuffers",
      b.buffers_clean as "bgwriterBuffers",
      null::bigint as "backendBuffers",
      b.maxwritten_clean as "bgwriterStopped"
    from pg_stat_archiver a
      cross join pg_stat_checkpointer c
      cross join pg_stat_bgwriter b`;

/** Up to 16. */
const selectWithBgwriter = (sql: Sql) => sql<WalCounters>`
    select
      coalesce(${position(sql)}, 0) as "positionBytes",
      ${archiver(sql)},
      b.checkpoints_timed as "timed",
      b.checkpoints_req as "requested",
      b.checkpoint_write_time as "writeTimeMs",
      b.checkpoint_sync_time as "syncTimeMs",
      extract(epoch from clock_timestamp() - b.stats_reset)::double precision as "statsAgeSeconds",
      b.buffers_checkpoint as "checkpointerBuffers",
      b.buffers_clean as "bgwriterBuffers",
      b.buffers_backend as "backendBuffers",
      b.maxwritten_clean as "bgwriterStopped"
    from pg_stat_archiver a
      cross join pg_stat_bgwriter b`;

export interface WalSettings {
  readonly segmentBytes: number;
  readonly maxWalSizeBytes: number;
  readonly minWalSizeBytes: number;
  readonly walKeepSizeBytes: number;
  readonly maxSlotWalKeepBytes: number;
  readonly archiveMode: "off" | "on" | "always";
  readonly archivingConfigured: boolean;
  readonly checkpointTimeoutSeconds: number;
  readonly completionTarget: number;
  readonly bgwriterLruMaxPages: number;
}

/** The archive command may hold a secret: only whether there is one leaves the server. "(disabled)" is PostgreSQL's own text for archive_mode off. */
export const selectWalSettings = (sql: Sql) => sql<WalSettings>`
  select
    pg_size_bytes(current_setting('wal_segment_size')) as "segmentBytes",
    pg_size_bytes(current_setting('max_wal_size')) as "maxWalSizeBytes",
    pg_size_bytes(current_setting('min_wal_size')) as "minWalSizeBytes",
    pg_size_bytes(current_setting('wal_keep_size')) as "walKeepSizeBytes",
    pg_size_bytes(current_setting('max_slot_wal_keep_size')) as "maxSlotWalKeepBytes",
    current_setting('archive_mode') as "archiveMode",
    current_setting('archive_command') not in ('', '(disabled)')
      or coalesce(current_setting('archive_library', true), '') <> '' as "archivingConfigured",
    extract(epoch from current_setting('checkpoint_timeout')::interval)::double precision as "checkpointTimeoutSeconds",
    current_setting('checkpoint_completion_target')::double precision as "completionTarget",
    current_setting('bgwriter_lru_maxpages')::int as "bgwriterLruMaxPages"`;

/** Segments that wait for the archiver. pg_monitor only; reads one folder. */
export const selectWaitingSegments = (sql: Sql) => sql<{ readonly segments: number }>`
  select count(*) as "segments"
  from pg_ls_archive_statusdir() f
  where f.name like '%.ready'`;

/** From the control file. Some managed services keep it to themselves. */
export const selectLastCheckpoint = (sql: Sql) => sql<{ readonly ageSeconds: number }>`
  select extract(epoch from clock_timestamp() - c.checkpoint_time)::double precision as "ageSeconds"
  from pg_control_checkpoint() c`;
