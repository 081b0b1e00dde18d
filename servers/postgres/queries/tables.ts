import type { Fragment, Sql } from "../sql.ts";

/**
 * Tables of the connected database, from pg_class and the statistics: opens no relation, and waits for no lock.
 *
 * pg_stat_user_tables groups all tables by all indexes before it gives one row; the functions beneath it are called here
 * in one pass over pg_class, and everything else is asked of the candidates alone. With 20,000 tables, 120,000 relations in
 * all, the pass takes 130 ms of one core on 18 and 230 ms on 13, whose statistics come from a file.
 */
export interface TableTotals {
  readonly total: number;
  readonly totalBytes: number;
  readonly overVacuumThreshold: number;
  readonly withAutovacuumDisabled: number;
  readonly statsReset: string | null;
  /** The worst by each of the criteria. */
  readonly candidates: readonly number[];
}

/** autovacuum_vacuum_max_threshold came. */
const HAS_MAX_THRESHOLD = 180000;

/** Dead rows beyond which autovacuum wants to vacuum (manual, "The Autovacuum Daemon"); `o` are the table's own options. */
function vacuumThreshold(sql: Sql, versionNum: number): Fragment {
  const plain = sql.fragment`
        coalesce(o.vacuum_threshold, g.vacuum_threshold)
          + coalesce(o.vacuum_scale_factor, g.vacuum_scale_factor) * greatest(c.reltuples, 0)::double precision`;
  if (versionNum < HAS_MAX_THRESHOLD) return plain;
  return sql.fragment`
        least(
          ${plain},
          case
            when coalesce(o.vacuum_max_threshold, g.vacuum_max_threshold) < 0 then null
            else coalesce(o.vacuum_max_threshold, g.vacuum_max_threshold)
          end
        )`;
}

const globals = (sql: Sql) => sql.fragment`
      select
        current_setting('autovacuum_vacuum_threshold')::double precision as vacuum_threshold,
        current_setting('autovacuum_vacuum_scale_factor')::double precision as vacuum_scale_factor,
        coalesce(current_setting('autovacuum_vacuum_max_threshold', true), '-1')::double precision as vacuum_max_threshold,
        current_setting('autovacuum_analyze_threshold')::double precision as analyze_threshold,
        current_setting('autovacuum_analyze_scale_factor')::double precision as analyze_scale_factor,
        current_setting('autovacuum_freeze_max_age')::double precision as freeze_max_age,
        current_setting('autovacuum_multixact_freeze_max_age')::double precision as multixact_freeze_max_age`;

const options = (sql: Sql) => sql.fragment`
        max(e.option_value::double precision) filter (where e.option_name = 'autovacuum_vacuum_threshold') as vacuum_threshold,
        max(e.option_value::double precision) filter (where e.option_name = 'autovacuum_vacuum_scale_factor') as vacuum_scale_factor,
        max(e.option_value::double precision) filter (where e.option_name = 'autovacuum_vacuum_max_threshold') as vacuum_max_threshold,
        max(e.option_value::double precision) filter (where e.option_name = 'autovacuum_analyze_threshold') as analyze_threshold,
        max(e.option_value::double precision) filter (where e.option_name = 'autovacuum_analyze_scale_factor') as analyze_scale_factor,
        max(e.option_value::double precision) filter (where e.option_name = 'autovacuum_freeze_max_age') as freeze_max_age,
        max(e.option_value::double precision) filter (where e.option_name = 'fillfactor') as fillfactor,
        bool_and(e.option_value::boolean) filter (where e.option_name = 'autovacuum_enabled') as enabled`;

/** Of autovacuum_freeze_max_age, and of its like for multixacts. Younger tables are not worth a sort of all of them. */
const WORTH_FREEZING = 0.25;

/**
 * One pass over all tables; what has no page, no activity and no age goes no further, so that 100,000 empty ones need no
 * temporary file. Options are looked into only where there are any, which is rare. `each` tables are kept for each criterion.
 */
export const selectTableTotals = (sql: Sql, versionNum: number, each: number) => sql<TableTotals>`
  with g as materialized (${globals(sql)}
    ),
    t as materialized (
      select w.*
      from (
          select
            c.oid,
            c.relpages as pages,
            case when c.relkind <> 't' or c.relpages > 0 then pg_stat_get_dead_tuples(c.oid) end as dead,
            case when c.relkind <> 't' then pg_stat_get_tuples_returned(c.oid) end as seq_rows,
            case when c.relkind <> 't' then pg_stat_get_mod_since_analyze(c.oid) end as modified,
            case
              when c.relkind <> 't'
                then pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid)
            end as changes,
            age(c.relfrozenxid) / least(o.freeze_max_age, g.freeze_max_age) as freeze,
            mxid_age(c.relminmxid) / g.multixact_freeze_max_age as multixact,
            o.enabled = 0 as disabled,
${vacuumThreshold(sql, versionNum)} as threshold
          from (
              select
                c.oid,
                c.relpages,
                c.reltuples,
                c.relkind,
                c.relfrozenxid,
                c.relminmxid,
                case
                  when c.reloptions is not null
                    then (
                      select array[o.vacuum_threshold, o.vacuum_scale_factor, o.vacuum_max_threshold, o.freeze_max_age, o.enabled::int]
                      from (
                          select
${options(sql)}
                          from pg_options_to_table(c.reloptions) e
                        ) o
                    )
                end as options
              from pg_class c
              where c.relkind in ('r', 'm', 't')
            ) c
            cross join g
            cross join lateral (
              select
                c.options[1] as vacuum_threshold,
                c.options[2] as vacuum_scale_factor,
                c.options[3] as vacuum_max_threshold,
                c.options[4] as freeze_max_age,
                c.options[5] as enabled
            ) o
          offset 0
        ) w
      where w.pages > 0
        or w.dead > 0
        or w.seq_rows > 0
        or w.changes > 0
        or w.freeze > ${WORTH_FREEZING}::double precision
        or w.multixact > ${WORTH_FREEZING}::double precision
        or w.disabled
    ),
    a as materialized (
      select
        count(*) as total,
        coalesce(sum(c.relpages::bigint), 0)::bigint * current_setting('block_size')::bigint as bytes
      from pg_class c
      where c.relkind in ('r', 'm', 't')
    )
  select
    (select a.total from a) as "total",
    (select a.bytes from a) as "totalBytes",
    count(*) filter (where t.dead > t.threshold) as "overVacuumThreshold",
    count(*) filter (where t.disabled) as "withAutovacuumDisabled",
    (select d.stats_reset from pg_stat_database d where d.datname = current_database()) as "statsReset",
    array(
      (select t.oid from t where t.pages > 0 order by t.pages desc limit ${each})
      union
      (select t.oid from t where t.dead > 0 order by t.dead desc limit ${each})
      union
      (select t.oid from t where t.dead > t.threshold order by t.dead / greatest(t.threshold, 1) desc limit ${each})
      union
      (select t.oid from t where t.seq_rows > 0 order by t.seq_rows desc limit ${each})
      union
      (select t.oid from t where t.changes > 0 order by t.changes desc limit ${each})
      union
      (select t.oid from t where t.modified > 0 order by t.modified desc limit ${each})
      union
      (select t.oid from t where t.freeze > ${WORTH_FREEZING}::double precision order by t.freeze desc limit ${each})
      union
      (select t.oid from t where t.multixact > ${WORTH_FREEZING}::double precision order by t.multixact desc limit ${each})
      union
      (select t.oid from t where t.disabled order by t.dead desc, t.pages desc limit ${each})
      union
      (
        select l.relation
        from pg_locks l
        where l.locktype = 'relation'
          and l.mode = 'AccessExclusiveLock'
          and l.database = (select d.oid from pg_database d where d.datname = current_database())
          and exists (select from pg_class c where c.oid = l.relation and c.relkind in ('r', 'm', 't'))
        limit ${each}
      )
    ) as "candidates"
  from t`;

export interface TableRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "r" | "m" | "t" | "p";
  readonly sizeBytes: number;
  readonly liveRows: number;
  readonly deadRows: number;
  readonly vacuumThresholdRows: number;
  readonly modifiedSinceAnalyze: number;
  readonly analyzeThresholdRows: number;
  readonly seqScans: number;
  readonly seqRows: number;
  readonly indexScans: number;
  readonly inserted: number;
  readonly updated: number;
  readonly hotUpdated: number;
  readonly deleted: number;
  readonly lastVacuum: string | null;
  readonly lastAutovacuum: string | null;
  readonly lastAnalyze: string | null;
  readonly lastAutoanalyze: string | null;
  readonly freezeAge: number;
  readonly multixactAge: number;
  readonly freezeMaxAge: number;
  readonly autovacuumEnabled: boolean;
  readonly options: readonly string[];
  readonly indexes: number;
  readonly lockedExclusively: boolean;
}

/**
 * Everything about few tables. A toast table obeys its own options, and where it has none, its table's: the name that
 * PostgreSQL gives it tells which (pg_class has no index that would).
 */
export const selectTables = (sql: Sql, versionNum: number, oids: readonly number[]) => sql<TableRow>`
  select
    c.oid,
    n.nspname::text as "schema",
    c.relname::text as "name",
    c.relkind::text as "kind",
    c.relpages::bigint * current_setting('block_size')::bigint as "sizeBytes",
    coalesce(nullif(pg_stat_get_live_tuples(c.oid), 0), greatest(c.reltuples, 0)) as "liveRows",
    pg_stat_get_dead_tuples(c.oid) as "deadRows",
${vacuumThreshold(sql, versionNum)} as "vacuumThresholdRows",
    pg_stat_get_mod_since_analyze(c.oid) as "modifiedSinceAnalyze",
    coalesce(o.analyze_threshold, g.analyze_threshold)
      + coalesce(o.analyze_scale_factor, g.analyze_scale_factor) * greatest(c.reltuples, 0)::double precision as "analyzeThresholdRows",
    pg_stat_get_numscans(c.oid) as "seqScans",
    pg_stat_get_tuples_returned(c.oid) as "seqRows",
    coalesce(i.scans, 0) as "indexScans",
    pg_stat_get_tuples_inserted(c.oid) as "inserted",
    pg_stat_get_tuples_updated(c.oid) as "updated",
    pg_stat_get_tuples_hot_updated(c.oid) as "hotUpdated",
    pg_stat_get_tuples_deleted(c.oid) as "deleted",
    pg_stat_get_last_vacuum_time(c.oid) as "lastVacuum",
    pg_stat_get_last_autovacuum_time(c.oid) as "lastAutovacuum",
    pg_stat_get_last_analyze_time(c.oid) as "lastAnalyze",
    pg_stat_get_last_autoanalyze_time(c.oid) as "lastAutoanalyze",
    case when c.relfrozenxid = '0'::xid then 0 else age(c.relfrozenxid) end as "freezeAge",
    case when c.relminmxid = '0'::xid then 0 else mxid_age(c.relminmxid) end as "multixactAge",
    least(o.freeze_max_age, g.freeze_max_age) as "freezeMaxAge",
    coalesce(o.enabled, true) as "autovacuumEnabled",
    coalesce(c.reloptions, '{}'::text[]) as "options",
    coalesce(i.total, 0) as "indexes",
    exists (
      select
      from pg_locks l
      where l.relation = c.oid
        and l.locktype = 'relation'
        and l.mode = 'AccessExclusiveLock'
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
    ) as "lockedExclusively"
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join (${globals(sql)}
    ) g
    left join pg_class p
      on c.relkind = 't'
        and p.oid = substring(c.relname from '^pg_toast_([0-9]+)$')::oid
        and p.reltoastrelid = c.oid
    left join lateral (
      select
${options(sql)}
      from pg_options_to_table(coalesce(c.reloptions, p.reloptions)) e
    ) o on true
    left join lateral (
      select
        count(*) as total,
        sum(pg_stat_get_numscans(x.indexrelid)) as scans
      from pg_index x
      where x.indrelid = c.oid
    ) i on true
  where c.oid = any (${oids}::oid[])`;

export interface WidthRow {
  readonly oid: number;
  readonly bloatBytes: number;
}

/** Tuple header and line pointer (manual, "Database Page Layout"), the header aligned. */
const TUPLE_OVERHEAD_BYTES = 28;
const PAGE_HEADER_BYTES = 24;

/**
 * Pages beyond those that the rows would need at the average widths that ANALYZE saw, within 0 and the table's size. Only
 * where every column has statistics that our role may see (it needs SELECT on the table), and the row count is known:
 * reltuples of 0 with pages means "not counted yet" before PostgreSQL 14.
 */
export const selectEstimatedBloat = (
  sql: Sql,
  oids: readonly number[],
  schemas: readonly string[],
  names: readonly string[],
) => sql<WidthRow>`
  with s as materialized (
      select
        v.schemaname,
        v.tablename,
        count(*) as columns,
        sum(v.avg_width * (1 - v.null_frac)) as width
      from pg_stats v
      where v.schemaname = any (${schemas}::name[])
        and v.tablename = any (${names}::name[])
        and not v.inherited
      group by v.schemaname, v.tablename
    )
  select
    c.oid,
    (
      greatest(
        c.relpages - ceil(
          c.reltuples / greatest(
            floor(
              (b.bytes - ${PAGE_HEADER_BYTES}::int) * coalesce(f.fillfactor, 100) / 100
                / (${TUPLE_OVERHEAD_BYTES}::int + ceil(s.width / 8) * 8)
            ),
            1
          )
        ),
        0
      ) * b.bytes
    )::double precision as "bloatBytes"
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join s on s.schemaname = n.nspname and s.tablename = c.relname
    cross join (select current_setting('block_size')::int as bytes) b
    left join lateral (
      select max(e.option_value::double precision) as fillfactor
      from pg_options_to_table(c.reloptions) e
      where e.option_name = 'fillfactor'
    ) f on true
  where c.oid = any (${oids}::oid[])
    and c.reltuples > 0
    and s.columns = (
      select count(*)
      from pg_attribute a
      where a.attrelid = c.oid
        and a.attnum > 0
        and not a.attisdropped
    )`;
