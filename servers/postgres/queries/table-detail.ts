import type { Sql } from "../sql.ts";

/** One table by name: which it is, its columns, its toast table. Opens no relation, but for the exact size, which says so. */
export interface FoundTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly toastOid: number;
}

/** PostgreSQL's own schemas come last where a bare name fits several. */
export const selectTablesNamed = (sql: Sql, schema: string | null, name: string, limit: number) => sql<FoundTable>`
  select
    c.oid,
    n.nspname::text as "schema",
    c.relname::text as "name",
    c.reltoastrelid as "toastOid"
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
  where c.relname = ${name}::text
    and (${schema}::text is null or n.nspname = ${schema}::text)
    and c.relkind in ('r', 'm', 't', 'p')
  order by n.nspname in ('pg_catalog', 'information_schema'), n.nspname
  limit ${limit}`;

export interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  /** Null where ANALYZE has not seen it, or our role may not read the table. */
  readonly nullRatio: number | null;
  /** Negative: a share of the rows (pg_stats.n_distinct). */
  readonly distinct: number | null;
  readonly averageBytes: number | null;
}

export const selectColumns = (sql: Sql, table: number, limit: number) => sql<ColumnRow>`
  select
    a.attname::text as "name",
    format_type(a.atttypid, a.atttypmod) as "type",
    a.attnotnull as "notNull",
    s.null_frac as "nullRatio",
    s.n_distinct as "distinct",
    s.avg_width as "averageBytes"
  from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_stats s
      on s.schemaname = n.nspname
        and s.tablename = c.relname
        and s.attname = a.attname
        and s.inherited = (c.relkind = 'p')
  where a.attrelid = ${table}::oid
    and a.attnum > 0
    and not a.attisdropped
  order by a.attnum
  limit ${limit}`;

/** Opens the table, its indexes and its toast table: waits behind an exclusive lock, for lock_timeout at most. */
export const selectExactSize = (sql: Sql, table: number) => sql<{ readonly totalBytes: number | null; readonly indexBytes: number | null }>`
  select
    pg_total_relation_size(${table}::oid) as "totalBytes",
    pg_indexes_size(${table}::oid) as "indexBytes"`;
