import type { Sql } from "../sql.ts";

/**
 * Sequences and the columns that they fill. The catalog tells limits and owners; last values are asked for in small batches,
 * because each takes a lock until its transaction ends: 20,000 at once would fill the shared lock table for everybody.
 */

/** The first oid that is not PostgreSQL's own (access/transam.h, FirstNormalObjectId). */
const FIRST_USER_OID = 16384;

/**
 * The most used first: every nextval fetches a block of its sequence. Finding owners for all of them takes a second for
 * 20,000, so that is done for these alone.
 */
export const selectBusiestSequences = (sql: Sql, limit: number) => sql<{ readonly oid: number; readonly total: number }>`
  select
    s.seqrelid as "oid",
    count(*) over () as "total"
  from pg_sequence s
  order by pg_stat_get_blocks_fetched(s.seqrelid) desc nulls last, s.seqmax, s.seqrelid
  limit ${limit}`;

export interface SequenceRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** The lower, for a descending sequence the higher, of the sequence's own and its column's type's limit. */
  readonly limit: number;
  readonly start: number;
  readonly increment: number;
  readonly cycles: boolean;
  readonly type: string;
  readonly tableSchema: string | null;
  readonly tableName: string | null;
  readonly column: string | null;
  readonly columnType: string | null;
  readonly readable: boolean;
  /** Somebody holds or awaits a lock that reading it would wait for. */
  readonly locked: boolean;
}

/**
 * Serial and identity columns own their sequence (pg_depend, auto or internal); a bare one is found through the column default
 * that calls nextval on it. Of several columns the narrowest counts. Left out: temporary sequences, and on a standby those
 * that are not replicated.
 */
export const selectSequences = (sql: Sql, oids: readonly number[]) => sql<SequenceRow>`
  select
    s.seqrelid as "oid",
    n.nspname::text as "schema",
    c.relname::text as "name",
    case
      when s.seqincrement > 0 then least(s.seqmax, o.highest)
      else greatest(s.seqmin, -o.highest - 1)
    end as "limit",
    s.seqstart as "start",
    s.seqincrement as "increment",
    s.seqcycle as "cycles",
    format_type(s.seqtypid, null) as "type",
    tn.nspname::text as "tableSchema",
    t.relname::text as "tableName",
    o.attname::text as "column",
    format_type(o.atttypid, null) as "columnType",
    has_sequence_privilege(s.seqrelid, 'select, usage') as "readable",
    exists (
      select
      from pg_locks l
      where l.relation = s.seqrelid
        and l.locktype = 'relation'
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
        and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    ) as "locked"
  from pg_sequence s
    join pg_class c on c.oid = s.seqrelid
    join pg_namespace n on n.oid = c.relnamespace
    left join lateral (
      select
        a.attrelid,
        a.attname,
        a.atttypid,
        case coalesce(nullif(y.typbasetype, 0), y.oid)
          when 'int2'::regtype then 32767
          when 'int4'::regtype then 2147483647
        end::bigint as highest
      from (
          select
            d.refobjid as relation,
            d.refobjsubid as number
          from pg_depend d
          where d.classid = 'pg_class'::regclass
            and d.objid = s.seqrelid
            and d.refclassid = 'pg_class'::regclass
            and d.refobjsubid > 0
            and d.deptype in ('a', 'i')
          union all
          select
            f.adrelid,
            f.adnum
          from pg_depend d
            join pg_attrdef f on f.oid = d.objid
          where d.refclassid = 'pg_class'::regclass
            and d.refobjid = s.seqrelid
            and d.classid = 'pg_attrdef'::regclass
        ) u
        join pg_attribute a on a.attrelid = u.relation and a.attnum = u.number
        join pg_type y on y.oid = a.atttypid
      order by highest nulls last
      limit 1
    ) o on true
    left join pg_class t on t.oid = o.attrelid
    left join pg_namespace tn on tn.oid = t.relnamespace
  where s.seqrelid = any (${oids}::oid[])
    and c.relpersistence <> 't'
    and (c.relpersistence = 'p' or not pg_is_in_recovery())`;

/** Null: never used. Locks each sequence for the length of the transaction; refused without SELECT or USAGE on it. */
export const selectLastValues = (sql: Sql, oids: readonly number[]) => sql<{ readonly oid: number; readonly lastValue: number | null }>`
  select
    u.oid,
    pg_sequence_last_value(u.oid::regclass) as "lastValue"
  from unnest(${oids}::oid[]) as u (oid)`;

export interface KeyCandidate {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
  readonly type: string;
  readonly limit: number;
}

/** Primary keys of one integer or smallint column that no sequence fills; those of the largest tables. */
export const selectKeysWithoutSequence = (sql: Sql, limit: number) => sql<KeyCandidate>`
  with keys as materialized (
      select
        c.oid,
        c.relname,
        c.relnamespace,
        a.attname,
        a.attnum,
        a.atttypid
      from pg_index x
        join pg_class c on c.oid = x.indrelid
        join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
      where x.indisprimary
        and x.indnkeyatts = 1
        and x.indrelid >= ${FIRST_USER_OID}::oid
        and c.relkind = 'r'
        and c.reltuples > 0
        and a.atttypid in ('int2'::regtype, 'int4'::regtype)
      order by c.reltuples desc, c.oid
      limit ${limit}
    )
  select
    n.nspname::text as "schema",
    k.relname::text as "name",
    k.attname::text as "column",
    format_type(k.atttypid, null) as "type",
    case k.atttypid when 'int2'::regtype then 32767 else 2147483647 end as "limit"
  from keys k
    join pg_namespace n on n.oid = k.relnamespace
  where not exists (
      select
      from pg_depend d
        join pg_sequence s on s.seqrelid = d.objid
      where d.refclassid = 'pg_class'::regclass
        and d.refobjid = k.oid
        and d.refobjsubid = k.attnum
        and d.classid = 'pg_class'::regclass
        and d.deptype in ('a', 'i')
    )
    and not exists (
      select
      from pg_attrdef f
        join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass
        join pg_sequence s on s.seqrelid = d.refobjid
      where f.adrelid = k.oid
        and f.adnum = k.attnum
    )`;

export interface HighestRow {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
  readonly highest: number;
}

/** What ANALYZE saw last. pg_stats hides columns that our role may not read. */
export const selectHighestValues = (
  sql: Sql,
  schemas: readonly string[],
  names: readonly string[],
  columns: readonly string[],
) => sql<HighestRow>`
  select
    v.schemaname::text as "schema",
    v.tablename::text as "name",
    v.attname::text as "column",
    max(u.value) as "highest"
  from pg_stats v
    cross join lateral (
      select unnest(v.histogram_bounds::text::bigint[]) as value
      union all
      select unnest(v.most_common_vals::text::bigint[])
    ) u
  where v.schemaname = any (${schemas}::name[])
    and v.tablename = any (${names}::name[])
    and v.attname = any (${columns}::name[])
    and not v.inherited
    and exists (
      select
      from unnest(${schemas}::text[], ${names}::text[], ${columns}::text[]) as w (schema, name, attribute)
      where w.schema = v.schemaname
        and w.name = v.tablename
        and w.attribute = v.attname
    )
  group by v.schemaname, v.tablename, v.attname`;
