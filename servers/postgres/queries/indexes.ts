import type { Fragment, Sql } from "../sql.ts";

/**
 * Indexes of the connected database, from pg_index alone. pg_get_indexdef and pg_get_expr open the table and would wait
 * behind a queued ACCESS EXCLUSIVE; columns come from pg_attribute, and expressions are compared as stored.
 */
export interface IndexRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  readonly sizeBytes: number;
  readonly scans: number;
  readonly unique: boolean;
  readonly backsConstraint: boolean;
  readonly method: string;
  readonly columns: readonly string[];
}

/**
 * Primary key, unique or exclusion constraint, replica identity, or the unique index that a foreign key references: dropping
 * any of them is refused or changes what the table promises. Through pg_depend, because pg_constraint has no index by index.
 */
const backsConstraint = (sql: Sql, index: Fragment) => sql.fragment`(
      exists (
        select
        from pg_index b
        where b.indexrelid = ${index}
          and (b.indisprimary or b.indisexclusion or b.indisreplident)
      )
      or exists (
        select
        from pg_depend d
        where d.classid = 'pg_class'::regclass
          and d.objid = ${index}
          and d.refclassid = 'pg_constraint'::regclass
      )
      or exists (
        select
        from pg_depend d
        where d.refclassid = 'pg_class'::regclass
          and d.refobjid = ${index}
          and d.classid = 'pg_constraint'::regclass
      )
    )`;

/** Index rows as `x`, their pg_class rows as `c`. */
const described = (sql: Sql): Fragment => sql.fragment`
    c.oid,
    n.nspname::text as "schema",
    c.relname::text as "name",
    t.relname::text as "table",
    c.relpages::bigint * current_setting('block_size')::bigint as "sizeBytes",
    pg_stat_get_numscans(c.oid) as "scans",
    x.indisunique as "unique",
    ${backsConstraint(sql, sql.fragment`x.indexrelid`)} as "backsConstraint",
    m.amname::text as "method",
    array(
      select coalesce(a.attname::text, '(expression)')
      from unnest(x.indkey::int2[]) with ordinality as k (number, place)
        left join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.number
      where k.place <= x.indnkeyatts
      order by k.place
    ) as "columns"`;

const joined = (sql: Sql): Fragment => sql.fragment`
    join pg_class c on c.oid = x.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_class t on t.oid = x.indrelid
    join pg_am m on m.oid = c.relam`;

/** The first oid that is not PostgreSQL's own (access/transam.h, FirstNormalObjectId). */
const FIRST_USER_OID = 16384;

/** Not PostgreSQL's own, whose indexes are as they must be, and not toast's. */
const ofUsers = (sql: Sql): Fragment => sql.fragment`
      c.oid >= ${FIRST_USER_OID}::oid
        and c.relnamespace <> 'pg_toast'::regnamespace
        and c.relpersistence <> 't'`;

export interface IndexTotals {
  readonly total: number;
  readonly statsSince: string;
  readonly statsAgeSeconds: number;
}

/** Counters without a reset have been counting at least since the server started. */
export const selectIndexTotals = (sql: Sql) => sql<IndexTotals>`
  select
    (select count(*) from pg_class c where c.relkind in ('i', 'I') and ${ofUsers(sql)}) as "total",
    s.since as "statsSince",
    extract(epoch from clock_timestamp() - s.since)::double precision as "statsAgeSeconds"
  from (
      select coalesce(max(d.stats_reset), pg_postmaster_start_time()) as since
      from pg_stat_database d
      where d.datname = current_database()
    ) s`;

/** Queries do not use them, writes pay for them. `beingBuilt`: a CREATE INDEX or REINDEX works on that table right now. */
export const selectInvalidIndexes = (sql: Sql, limit: number) => sql<IndexRow & { readonly beingBuilt: boolean }>`
  select
${described(sql)},
    exists (
      select
      from pg_stat_progress_create_index p
        join pg_locks l on l.pid = p.pid and l.locktype = 'relation'
      where l.relation = x.indrelid
        or l.relation = x.indexrelid
    ) as "beingBuilt"
  from pg_index x
${joined(sql)}
  where not (x.indisvalid and x.indisready and x.indislive)
    and c.relkind = 'i'
  order by c.relpages desc, c.oid
  limit ${limit}`;

/**
 * No scan since the statistics began; only indexes that nothing but queries could need: what is not unique and no exclusion
 * constraint's backs no constraint. A partition's part of an index cannot be dropped by itself.
 */
export const selectUnusedIndexes = (sql: Sql, limit: number) => sql<IndexRow>`
  with unused as materialized (
      select c.oid
      from pg_index x
        join pg_class c on c.oid = x.indexrelid
      where x.indrelid >= ${FIRST_USER_OID}::oid
        and not (x.indisunique or x.indisexclusion or x.indisreplident)
        and x.indisvalid
        and c.relkind = 'i'
        and not c.relispartition
        and c.relpages > 0
        and pg_stat_get_numscans(x.indexrelid) = 0
        and ${ofUsers(sql)}
      order by c.relpages desc, c.oid
      limit ${limit}
    )
  select
${described(sql)}
  from unused u
    join pg_index x on x.indexrelid = u.oid
${joined(sql)}
  order by c.relpages desc, c.oid`;

/** All of one table, primary key first. */
export const selectIndexesOfTable = (sql: Sql, table: number, limit: number) => sql<IndexRow & { readonly valid: boolean }>`
  select
${described(sql)},
    x.indisvalid and x.indisready and x.indislive as "valid"
  from pg_index x
${joined(sql)}
  where x.indrelid = ${table}::oid
  order by x.indisprimary desc, x.indisunique desc, c.relname
  limit ${limit}`;

export interface RedundantRow extends IndexRow {
  readonly keeps: string;
  readonly keepsSchema: string;
  readonly isPrefixOnly: boolean;
}

/** Where an expression stood in its statement (kept until 16) is no part of what it means. Most indexes have none. */
const isSame = (sql: Sql, one: Fragment, other: Fragment) => sql.fragment`(
          (${one} is null and ${other} is null)
          or regexp_replace(${one}::text, ':location -?[0-9]+', '', 'g') = regexp_replace(${other}::text, ':location -?[0-9]+', '', 'g')
        )`;

/**
 * Index `x` is redundant when `y` on the same table has the same method, keys, operator classes, collations, orders,
 * predicate and expressions, or begins with its keys (b-tree without expressions and included columns). `x` must back no
 * constraint, be no replica identity, and be unique only where `y` is in the same way. Of two that are equal in everything
 * the one with more scans stays. Pairs are made by table and first column: most tables have none.
 */
export const selectRedundantIndexes = (sql: Sql, limit: number) => sql<RedundantRow>`
  with pairs as materialized (
      select
        x.indexrelid as redundant,
        y.indexrelid as kept,
        y.indisunique as kept_unique,
        x.indisunique as redundant_unique,
        not (x.indkey::text = y.indkey::text and x.indnkeyatts = y.indnkeyatts) as prefix
      from pg_index x
        join pg_index y
          on y.indrelid = x.indrelid
            and y.indkey[0] = x.indkey[0]
            and y.indexrelid <> x.indexrelid
      where x.indrelid >= ${FIRST_USER_OID}::oid
        and x.indisvalid
        and y.indisvalid
        and not (x.indisprimary or x.indisexclusion or x.indisreplident)
        and (
          (x.indkey::text = y.indkey::text and x.indnkeyatts = y.indnkeyatts)
          or (
            y.indkey::text like x.indkey::text || ' %'
            and x.indnatts = x.indnkeyatts
            and y.indnkeyatts >= x.indnkeyatts
            and x.indexprs is null
            and not x.indisunique
          )
        )
        and y.indclass::text || ' ' like x.indclass::text || ' %'
        and y.indcollation::text || ' ' like x.indcollation::text || ' %'
        and y.indoption::text || ' ' like x.indoption::text || ' %'
        and ${isSame(sql, sql.fragment`x.indpred`, sql.fragment`y.indpred`)}
        and (x.indexprs is null or ${isSame(sql, sql.fragment`x.indexprs`, sql.fragment`y.indexprs`)})
        and (
          not x.indisunique
          or (
            y.indisunique
            and to_jsonb(y) ->> 'indnullsnotdistinct' is not distinct from to_jsonb(x) ->> 'indnullsnotdistinct'
          )
        )
    ),
    redundant as materialized (
      select distinct on (p.redundant)
        p.redundant,
        p.prefix,
        k.relname,
        k.relnamespace
      from pairs p
        join pg_class c on c.oid = p.redundant
        join pg_class k on k.oid = p.kept
        join pg_am m on m.oid = c.relam
        cross join lateral (
          select
            ${backsConstraint(sql, sql.fragment`p.redundant`)} as redundant_backs,
            ${backsConstraint(sql, sql.fragment`p.kept`)} as kept_backs
        ) b
      where k.relam = c.relam
        and k.relkind = c.relkind
        and not c.relispartition
        and not b.redundant_backs
        and (not p.prefix or m.amname = 'btree')
        and (
          p.prefix
          or row(b.kept_backs::int, p.kept_unique::int, pg_stat_get_numscans(p.kept), -p.kept::bigint)
            > row(0, p.redundant_unique::int, pg_stat_get_numscans(p.redundant), -p.redundant::bigint)
        )
      order by p.redundant, p.prefix, b.kept_backs desc, p.kept_unique desc, pg_stat_get_numscans(p.kept) desc, p.kept
    )
  select
${described(sql)},
    r.relname::text as "keeps",
    (select n.nspname::text from pg_namespace n where n.oid = r.relnamespace) as "keepsSchema",
    r.prefix as "isPrefixOnly"
  from redundant r
    join pg_index x on x.indexrelid = r.redundant
${joined(sql)}
  order by r.prefix, c.relpages desc, c.oid
  limit ${limit}`;

export interface ForeignKeyRow {
  readonly oid: number;
  readonly constraint: string;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly referencedOid: number;
  readonly referencedSchema: string;
  readonly referencedName: string;
  readonly sizeBytes: number;
}

/**
 * Foreign keys for whose referencing columns no valid index serves: in any order at its beginning, whole or only for rows
 * where they are not null. Those of partitions follow from their parent's. Largest referencing table first.
 */
export const selectUnindexedForeignKeys = (sql: Sql, limit: number) => sql<ForeignKeyRow>`
  select
    k.oid,
    k.conname::text as "constraint",
    n.nspname::text as "schema",
    c.relname::text as "name",
    array(
      select a.attname::text
      from unnest(k.conkey) with ordinality as u (number, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number
      order by u.place
    ) as "columns",
    k.confrelid as "referencedOid",
    rn.nspname::text as "referencedSchema",
    r.relname::text as "referencedName",
    c.relpages::bigint * current_setting('block_size')::bigint as "sizeBytes"
  from (
      select k.*, c.relpages
      from pg_constraint k
        join pg_class c on c.oid = k.conrelid
      where k.contype = 'f'
        and k.conparentid = 0
        and not exists (
          select
          from pg_index x
          where x.indrelid = k.conrelid
            and x.indisvalid
            and (x.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
            and (x.indpred is null or x.indpred::text ~ '^{NULLTEST [^{]*{VAR [^{}]*}[^{}]*:nulltesttype 1[^{}]*}$')
        )
      order by c.relpages desc, k.oid
      limit ${limit}
    ) k
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_class r on r.oid = k.confrelid
    join pg_namespace rn on rn.oid = r.relnamespace
  order by c.relpages desc, k.oid`;

export interface WritesRow {
  readonly oid: number;
  readonly deleted: number;
  /** An update of a key column cannot be HOT, because the key is indexed: this is the most that key updates can be. */
  readonly updatedNotHot: number;
}

export const selectWrites = (sql: Sql, oids: readonly number[]) => sql<WritesRow>`
  select
    u.oid,
    pg_stat_get_tuples_deleted(u.oid) as "deleted",
    greatest(pg_stat_get_tuples_updated(u.oid) - pg_stat_get_tuples_hot_updated(u.oid), 0) as "updatedNotHot"
  from unnest(${oids}::oid[]) as u (oid)`;
