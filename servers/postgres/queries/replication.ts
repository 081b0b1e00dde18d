import type { Fragment, Sql } from "../sql.ts";

/** Both sides of replication. Connection strings are never selected; positions are differences in bytes. */

/** The end of WAL here: what is written on a primary, what is replayed on a standby. */
const position = (sql: Sql) => sql.fragment`
      case
        when pg_is_in_recovery() then pg_last_wal_replay_lsn()
        else pg_current_wal_insert_lsn()
      end`;

/** Bytes from there to the end; null stays unknown (greatest(null, 0) is 0), and what is ahead of us is not behind. */
const behind = (sql: Sql, lsn: Fragment) => sql.fragment`
      case
        when ${lsn} > ${position(sql)} then 0
        else pg_wal_lsn_diff(${position(sql)}, ${lsn})
      end`;

export interface ReplicationFacts {
  readonly inRecovery: boolean;
  readonly synchronousStandbyNames: string;
  readonly synchronousCommit: string;
  /** Without pg_read_all_stats, others' rows come back empty. */
  readonly seesOthers: boolean;
}

export const selectReplicationFacts = (sql: Sql) => sql<ReplicationFacts>`
  select
    pg_is_in_recovery() as "inRecovery",
    current_setting('synchronous_standby_names') as "synchronousStandbyNames",
    current_setting('synchronous_commit') as "synchronousCommit",
    pg_has_role('pg_read_all_stats', 'usage') as "seesOthers"`;

export interface SenderRow {
  readonly pid: number;
  readonly backendStart: string | null;
  readonly application: string | null;
  readonly role: string | null;
  readonly client: string | null;
  readonly state: string | null;
  readonly syncState: string | null;
  readonly replayLagBytes: number | null;
  readonly writeLagSeconds: number | null;
  readonly flushLagSeconds: number | null;
  readonly replayLagSeconds: number | null;
  readonly xminAge: number | null;
  readonly replyAgeSeconds: number | null;
  readonly slot: string | null;
}

/** WAL senders, those furthest behind first. */
export const selectSenders = (sql: Sql, limit: number) => sql<SenderRow>`
  select
    r.pid,
    r.backend_start as "backendStart",
    r.application_name as "application",
    r.usename::text as "role",
    coalesce(host(r.client_addr), 'local') as "client",
    r.state,
    r.sync_state as "syncState",
    ${behind(sql, sql.fragment`r.replay_lsn`)} as "replayLagBytes",
    extract(epoch from r.write_lag)::double precision as "writeLagSeconds",
    extract(epoch from r.flush_lag)::double precision as "flushLagSeconds",
    extract(epoch from r.replay_lag)::double precision as "replayLagSeconds",
    age(r.backend_xmin) as "xminAge",
    extract(epoch from clock_timestamp() - r.reply_time)::double precision as "replyAgeSeconds",
    s.slot_name::text as "slot"
  from pg_stat_replication r
    left join pg_replication_slots s on s.active_pid = r.pid
  order by "replayLagBytes" desc nulls last, r.pid
  limit ${limit}`;

export interface SlotRow {
  readonly name: string;
  readonly type: "physical" | "logical";
  readonly database: string | null;
  readonly active: boolean;
  readonly activePid: number | null;
  readonly temporary: boolean;
  readonly walStatus: string | null;
  readonly retainedBytes: number | null;
  readonly safeWalBytes: number | null;
  readonly xminAge: number | null;
  readonly catalogXminAge: number | null;
  readonly inactiveSeconds: number | null;
  readonly invalidationReason: string | null;
}

/** inactive_since and invalidation_reason came. */
const KNOWS_INACTIVITY = 170000;

/** Those that keep the most WAL first. */
export function selectSlots(sql: Sql, versionNum: number, limit: number) {
  const inactivity =
    versionNum >= KNOWS_INACTIVITY
      ? sql.fragment`
      extract(epoch from clock_timestamp() - s.inactive_since)::double precision as "inactiveSeconds",
      s.invalidation_reason as "invalidationReason"`
      : sql.fragment`
      null::double precision as "inactiveSeconds",
      null::text as "invalidationReason"`;
  return sql<SlotRow>`
    select
      s.slot_name::text as "name",
      s.slot_type as "type",
      s.database::text as "database",
      s.active,
      s.active_pid as "activePid",
      s.temporary,
      s.wal_status as "walStatus",
      ${behind(sql, sql.fragment`s.restart_lsn`)} as "retainedBytes",
      s.safe_wal_size as "safeWalBytes",
      age(s.xmin) as "xminAge",
      age(s.catalog_xmin) as "catalogXminAge",
      ${inactivity}
    from pg_replication_slots s
    order by "retainedBytes" desc nulls last, s.slot_name
    limit ${limit}`;
}

export interface StandbyRow {
  readonly receiverStatus: string | null;
  readonly senderHost: string | null;
  readonly slot: string | null;
  readonly lastMessageAgeSeconds: number | null;
  readonly replayPaused: boolean;
  readonly replayBacklogBytes: number | null;
  readonly replayDelaySeconds: number | null;
  readonly receivedBytes: number | null;
  readonly replayedBytes: number | null;
  readonly hotStandbyFeedback: boolean;
  readonly maxStandbyStreamingDelayMs: number;
  readonly tablespace: number;
  readonly lock: number;
  readonly snapshot: number;
  readonly bufferpin: number;
  readonly deadlock: number;
  readonly primarySlotConfigured: boolean;
  readonly primaryConninfoSet: boolean;
}

/** Only on a standby: PostgreSQL refuses some of these functions (55000) when it is not recovering. */
export const selectStandby = (sql: Sql) => sql<StandbyRow>`
  select
    r.status as "receiverStatus",
    r.sender_host as "senderHost",
    r.slot_name as "slot",
    extract(epoch from clock_timestamp() - r.last_msg_receipt_time)::double precision as "lastMessageAgeSeconds",
    pg_is_wal_replay_paused() as "replayPaused",
    case
      when pg_last_wal_receive_lsn() < pg_last_wal_replay_lsn() then 0
      else pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
    end as "replayBacklogBytes",
    extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::double precision as "replayDelaySeconds",
    pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0') as "receivedBytes",
    pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') as "replayedBytes",
    current_setting('hot_standby_feedback')::boolean as "hotStandbyFeedback",
    s.delay as "maxStandbyStreamingDelayMs",
    c.tablespace,
    c.lock,
    c.snapshot,
    c.bufferpin,
    c.deadlock,
    current_setting('primary_slot_name') <> '' as "primarySlotConfigured",
    s.conninfo as "primaryConninfoSet"
  from (
      select
        coalesce(sum(d.confl_tablespace), 0) as tablespace,
        coalesce(sum(d.confl_lock), 0) as lock,
        coalesce(sum(d.confl_snapshot), 0) as snapshot,
        coalesce(sum(d.confl_bufferpin), 0) as bufferpin,
        coalesce(sum(d.confl_deadlock), 0) as deadlock
      from pg_stat_database_conflicts d
    ) c
    cross join (
      select
        coalesce(max(p.setting::double precision) filter (where p.name = 'max_standby_streaming_delay'), 0) as delay,
        coalesce(bool_or(p.setting <> '') filter (where p.name = 'primary_conninfo'), false) as conninfo
      from pg_settings p
      where p.name in ('max_standby_streaming_delay', 'primary_conninfo')
    ) s
    left join pg_stat_wal_receiver r on true`;

export interface SubscriptionRow {
  readonly oid: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly workerRunning: boolean;
  readonly lastMessageAgeSeconds: number | null;
  readonly applyErrors: number | null;
  readonly syncErrors: number | null;
}

/** pg_stat_subscription_stats came. */
const COUNTS_SUBSCRIPTION_ERRORS = 150000;

/** Of all databases. pg_subscription's connection string is for superusers; the other columns are for everyone. */
export function selectSubscriptions(sql: Sql, versionNum: number, limit: number) {
  return versionNum >= COUNTS_SUBSCRIPTION_ERRORS ? selectSubscriptionsWithErrors(sql, limit) : selectPlainSubscriptions(sql, limit);
}

const worker = (sql: Sql) => sql.fragment`
      select
        bool_or(w.pid is not null) as running,
        max(w.last_msg_receipt_time) as heard
      from pg_stat_subscription w
      where w.subname = s.subname
        and w.relid is null`;

const selectSubscriptionsWithErrors = (sql: Sql, limit: number) => sql<SubscriptionRow>`
  select
    t.subid as "oid",
    s.subname::text as "name",
    s.subenabled as "enabled",
    coalesce(a.running, false) as "workerRunning",
    extract(epoch from clock_timestamp() - a.heard)::double precision as "lastMessageAgeSeconds",
    t.apply_error_count as "applyErrors",
    t.sync_error_count as "syncErrors"
  from pg_subscription s
    left join pg_stat_subscription_stats t on t.subname = s.subname
    left join lateral (
      ${worker(sql)}
    ) a on true
  order by s.subname
  limit ${limit}`;

const selectPlainSubscriptions = (sql: Sql, limit: number) => sql<SubscriptionRow>`
  select
    0::oid as "oid",
    s.subname::text as "name",
    s.subenabled as "enabled",
    coalesce(a.running, false) as "workerRunning",
    extract(epoch from clock_timestamp() - a.heard)::double precision as "lastMessageAgeSeconds",
    null::bigint as "applyErrors",
    null::bigint as "syncErrors"
  from pg_subscription s
    left join lateral (
      ${worker(sql)}
    ) a on true
  order by s.subname
  limit ${limit}`;
