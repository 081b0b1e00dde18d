import type { Sql } from "../sql.ts";

/** Vacuum's settings, its workers, and who keeps dead rows alive. */
export interface VacuumSettings {
  readonly autovacuum: boolean;
  readonly trackCounts: boolean;
  readonly maxWorkers: number;
  readonly naptimeSeconds: number;
  readonly costDelayMs: number;
  readonly costLimit: number;
  readonly freezeMaxAge: number;
  readonly multixactFreezeMaxAge: number;
  readonly oldestFreezeAge: number;
  readonly oldestMultixactAge: number;
  /** Whether the role sees what others' sessions do. */
  readonly seesOthers: boolean;
}

/** autovacuum_vacuum_cost_delay and _limit of -1 mean vacuum_cost_delay and _limit (manual, "Automatic Vacuuming"). */
export const selectVacuumSettings = (sql: Sql) => sql<VacuumSettings>`
  select
    bool_or(s.setting = 'on') filter (where s.name = 'autovacuum') as "autovacuum",
    bool_or(s.setting = 'on') filter (where s.name = 'track_counts') as "trackCounts",
    max(s.amount) filter (where s.name = 'autovacuum_max_workers') as "maxWorkers",
    max(s.amount) filter (where s.name = 'autovacuum_naptime') as "naptimeSeconds",
    coalesce(
      max(s.amount) filter (where s.name = 'autovacuum_vacuum_cost_delay' and s.amount >= 0),
      max(s.amount) filter (where s.name = 'vacuum_cost_delay')
    ) as "costDelayMs",
    coalesce(
      max(s.amount) filter (where s.name = 'autovacuum_vacuum_cost_limit' and s.amount > 0),
      max(s.amount) filter (where s.name = 'vacuum_cost_limit')
    ) as "costLimit",
    max(s.amount) filter (where s.name = 'autovacuum_freeze_max_age') as "freezeMaxAge",
    max(s.amount) filter (where s.name = 'autovacuum_multixact_freeze_max_age') as "multixactFreezeMaxAge",
    (select max(age(d.datfrozenxid)) from pg_database d) as "oldestFreezeAge",
    (select max(mxid_age(d.datminmxid)) from pg_database d) as "oldestMultixactAge",
    pg_has_role('pg_read_all_stats', 'usage') as "seesOthers"
  from (
      select
        p.name,
        p.reset_val as setting,
        case when p.vartype in ('integer', 'real') then p.reset_val::double precision end as amount
      from pg_settings p
      where p.name in (
          'autovacuum', 'track_counts', 'autovacuum_max_workers', 'autovacuum_naptime',
          'autovacuum_vacuum_cost_delay', 'vacuum_cost_delay', 'autovacuum_vacuum_cost_limit', 'vacuum_cost_limit',
          'autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age'
        )
    ) s`;

export interface VacuumRow {
  readonly pid: number;
  readonly backendStart: string;
  readonly schema: string | null;
  readonly name: string | null;
  readonly database: string | null;
  readonly automatic: boolean;
  readonly toPreventWraparound: boolean;
  readonly phase: string | null;
  readonly seconds: number | null;
  readonly scannedRatio: number | null;
  readonly waitEvent: string | null;
}

/**
 * Workers, and VACUUM or ANALYZE that somebody runs by hand. Other databases' relations have no name here. That a worker
 * works against wraparound stands only in its text.
 */
export const selectRunningVacuums = (sql: Sql, limit: number) => sql<VacuumRow>`
  select
    a.pid,
    a.backend_start as "backendStart",
    n.nspname::text as "schema",
    c.relname::text as "name",
    a.datname::text as "database",
    a.backend_type = 'autovacuum worker' as "automatic",
    a.backend_type = 'autovacuum worker' and a.query like '%(to prevent wraparound)%' as "toPreventWraparound",
    p.phase,
    extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.query_start))::double precision as "seconds",
    p.scanned as "scannedRatio",
    case when a.wait_event is null then null else concat_ws(':', a.wait_event_type, a.wait_event) end as "waitEvent"
  from pg_stat_activity a
    left join (
      select
        v.pid,
        v.datname,
        v.relid,
        v.phase,
        v.heap_blks_scanned::double precision / nullif(v.heap_blks_total, 0) as scanned
      from pg_stat_progress_vacuum v
      union all
      select
        z.pid,
        z.datname,
        z.relid,
        'analyze: ' || z.phase,
        z.sample_blks_scanned::double precision / nullif(z.sample_blks_total, 0)
      from pg_stat_progress_analyze z
    ) p on p.pid = a.pid
    left join pg_class c on c.oid = p.relid and p.datname = current_database()
    left join pg_namespace n on n.oid = c.relnamespace
  where a.backend_start is not null
    and (a.backend_type = 'autovacuum worker' or p.pid is not null)
  order by a.xact_start nulls last, a.pid
  limit ${limit}`;

export interface HolderRow {
  readonly kind: "session" | "prepared-transaction" | "slot" | "standby";
  readonly age: number;
  readonly pid: number | null;
  readonly backendStart: string | null;
  /** The slot's name, the prepared transaction's gid, the session's or the standby's application. */
  readonly name: string;
  readonly role: string | null;
  readonly database: string | null;
  readonly state: string | null;
  readonly client: string | null;
  readonly seconds: number | null;
  readonly active: boolean | null;
  readonly catalogOnly: boolean | null;
}

/**
 * Everything that bounds which dead rows may be removed. A transaction id without a snapshot bounds it, too. Left out are
 * our own sessions, workers of a parallel query (their leader is there) and VACUUM itself, which other VACUUMs ignore.
 */
export const selectXminHolders = (sql: Sql, ownPids: readonly number[], limit: number) => sql<HolderRow>`
  select
    h.kind,
    h.age,
    h.pid,
    h.backend_start as "backendStart",
    h.name,
    h.role,
    h.database,
    h.state,
    h.client,
    h.seconds,
    h.active,
    h.catalog_only as "catalogOnly"
  from (
      select
        'session' as kind,
        greatest(age(a.backend_xmin), age(a.backend_xid)) as age,
        a.pid,
        a.backend_start,
        coalesce(a.application_name, '') as name,
        a.usename::text as role,
        a.datname::text as database,
        a.state,
        null::text as client,
        extract(epoch from clock_timestamp() - a.xact_start)::double precision as seconds,
        null::boolean as active,
        null::boolean as catalog_only
      from pg_stat_activity a
      where (a.backend_xmin is not null or a.backend_xid is not null)
        and a.backend_start is not null
        and a.backend_type not in ('walsender', 'parallel worker')
        and a.pid <> all (${ownPids}::int[])
        and a.pid <> pg_backend_pid()
        and not exists (select from pg_stat_progress_vacuum v where v.pid = a.pid)
      union all
      select
        'prepared-transaction',
        age(p.transaction),
        null,
        null,
        p.gid,
        null,
        p.database::text,
        null,
        null,
        extract(epoch from clock_timestamp() - p.prepared)::double precision,
        null,
        null
      from pg_prepared_xacts p
      union all
      select
        'slot',
        coalesce(age(s.xmin), age(s.catalog_xmin)),
        null,
        null,
        s.slot_name::text,
        null,
        s.database::text,
        null,
        null,
        null,
        s.active,
        s.xmin is null
      from pg_replication_slots s
      where s.xmin is not null
        or s.catalog_xmin is not null
      union all
      select
        'standby',
        age(r.backend_xmin),
        r.pid,
        r.backend_start,
        coalesce(r.application_name, ''),
        r.usename::text,
        null,
        r.state,
        coalesce(host(r.client_addr), 'local'),
        null,
        null,
        null
      from pg_stat_replication r
      where r.backend_xmin is not null
    ) h
  order by h.age desc, h.kind, h.pid, h.name
  limit ${limit}`;
