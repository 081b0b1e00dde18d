import type { Sql } from "../sql.ts";

/** How much room things take. Nothing here opens a relation; what walks the file system says so. */
export interface CatalogSize {
  /** Rows of pg_class, as of its last vacuum or analyze, or as counted since. */
  readonly relations: number;
}

export const selectCatalogSize = (sql: Sql) => sql<CatalogSize>`
  select greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0)::bigint as "relations"
  from pg_class c
  where c.oid = 'pg_catalog.pg_class'::regclass`;

/** Walks every file of the databases: 2 ms for 1,000 relations. Null where the role may not know (no CONNECT, no pg_read_all_stats). */
export const selectDatabaseSizes = (sql: Sql, except: string | null) => sql<{ readonly name: string; readonly sizeBytes: number | null }>`
  select
    d.datname::text as "name",
    case
      when has_database_privilege(d.oid, 'connect') or pg_has_role('pg_read_all_stats', 'usage')
        then pg_database_size(d.oid)
    end as "sizeBytes"
  from pg_database d
  where d.datname is distinct from ${except}::text`;

/** The connected database by relpages: walks nothing, and is as old as each relation's last vacuum or analyze. */
export const selectEstimatedDatabaseSize = (sql: Sql) => sql<{ readonly sizeBytes: number }>`
  select coalesce(sum(c.relpages::bigint), 0)::bigint * current_setting('block_size')::bigint as "sizeBytes"
  from pg_class c
  where c.relkind in ('r', 'i', 't', 'm', 'S')`;

export interface TablespaceRow {
  readonly name: string;
  readonly location: string;
  readonly isBuiltIn: boolean;
  readonly sizeBytes: number | null;
}

/** pg_default and pg_global are not walked: databases' sizes say the same. */
export const selectTablespaces = (sql: Sql, limit: number) => sql<TablespaceRow>`
  select
    t.spcname::text as "name",
    pg_tablespace_location(t.oid) as "location",
    t.spcname in ('pg_default', 'pg_global') as "isBuiltIn",
    case
      when t.spcname not in ('pg_default', 'pg_global')
        and (has_tablespace_privilege(t.oid, 'create') or pg_has_role('pg_read_all_stats', 'usage'))
        then pg_tablespace_size(t.oid)
    end as "sizeBytes"
  from pg_tablespace t
  order by t.spcname
  limit ${limit}`;

/** pg_monitor only. */
export const selectWalDirectory = (sql: Sql) => sql<{ readonly sizeBytes: number; readonly segments: number }>`
  select
    coalesce(sum(w.size), 0)::bigint as "sizeBytes",
    count(*) filter (where w.name ~ '^[0-9A-F]{24}$') as "segments"
  from pg_ls_waldir() w`;

/** Temporary files of sorts and hashes that run now, in every tablespace. pg_monitor only. */
export const selectTempBytes = (sql: Sql) => sql<{ readonly sizeBytes: number }>`
  select coalesce(sum(f.size), 0)::bigint as "sizeBytes"
  from pg_tablespace t
    cross join lateral pg_ls_tmpdir(t.oid) f
  where t.spcname <> 'pg_global'`;

/** data_directory is shown to pg_read_all_settings only. */
export const selectDataDirectory = (sql: Sql) => sql<{ readonly dataDirectory: string | null }>`
  select (
    select s.setting
    from pg_settings s
    where s.name = 'data_directory'
  ) as "dataDirectory"`;
