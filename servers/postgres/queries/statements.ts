import type { Fragment, Identifier, Sql } from "../sql.ts";

/** pg_stat_statements. Its columns follow the extension's version, which an upgrade of the server leaves behind. */
export interface StatementsExtension {
  readonly schema: string;
  /** 1.8 (server 13) to 1.12 (server 18), as major * 1000 + minor: 1008. */
  readonly version: number;
  /** USAGE on its schema, which the extension's own grants do not give. */
  readonly reachable: boolean;
}

export const selectStatementsExtension = (sql: Sql) => sql<StatementsExtension>`
  select
    n.nspname::text as "schema",
    split_part(e.extversion, '.', 1)::int * 1000 + split_part(e.extversion, '.', 2)::int as "version",
    has_schema_privilege(n.oid, 'usage') as "reachable"
  from pg_extension e
    join pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'pg_stat_statements'`;

/** Whether it is loaded (its settings exist only then), and whether our role sees others' statements. */
export const selectStatementsAccess = (sql: Sql) => sql<{ readonly loaded: boolean; readonly seesOthers: boolean }>`
  select
    current_setting('pg_stat_statements.max', true) is not null as "loaded",
    pg_has_role('pg_read_all_stats', 'usage') as "seesOthers"`;

export interface StatementRow {
  readonly queryId: string;
  readonly databaseOid: number;
  readonly roleOid: number;
  readonly calls: number;
  readonly timeMs: number;
  readonly rows: number;
  readonly sharedBlocksHit: number;
  readonly sharedBlocksRead: number;
  readonly tempBlocksWritten: number;
  readonly walBytes: number;
  readonly jitTimeMs: number | null;
  /** Of all, whatever the limit. */
  readonly entries: number;
}

/** total_exec_time and wal_bytes came. */
export const FIRST_USABLE = 1008;
/** pg_stat_statements_info came. */
export const HAS_INFO = 1009;
const HAS_JIT = 1010;

/**
 * Counters without texts, which stand in a file that can have many megabytes. A statement that ran inside a function and by
 * itself is one. Those with the most time first.
 */
export function selectStatements(sql: Sql, { schema, version }: StatementsExtension, limit: number) {
  const source: Identifier = sql.id(schema, "pg_stat_statements");
  const jit: Fragment =
    version >= HAS_JIT
      ? sql.fragment`
        sum(s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time + s.jit_emission_time)`
      : sql.fragment`
        null::double precision`;
  return sql<StatementRow>`
    select
      s.queryid::text as "queryId",
      s.dbid as "databaseOid",
      s.userid as "roleOid",
      sum(s.calls) as "calls",
      sum(s.total_exec_time) as "timeMs",
      sum(s.rows) as "rows",
      sum(s.shared_blks_hit) as "sharedBlocksHit",
      sum(s.shared_blks_read) as "sharedBlocksRead",
      sum(s.temp_blks_written) as "tempBlocksWritten",
      sum(s.wal_bytes) as "walBytes",
      ${jit} as "jitTimeMs",
      count(*) over () as "entries"
    from ${source}(false) s
    where s.queryid is not null
    group by s.queryid, s.dbid, s.userid
    order by "timeMs" desc, s.queryid
    limit ${limit}`;
}

export interface StatementText {
  readonly queryId: string;
  readonly databaseOid: number;
  readonly roleOid: number;
  readonly database: string | null;
  readonly role: string | null;
  readonly query: string | null;
}

/** Enough of a text to be recognised, as one of ours too: the longest of those has 6,500 characters. */
const TEXT_CHARACTERS = 8000;

export const selectStatementTexts = (sql: Sql, { schema }: StatementsExtension, queryIds: readonly string[]) => sql<StatementText>`
  select distinct on (s.queryid, s.dbid, s.userid)
    s.queryid::text as "queryId",
    s.dbid as "databaseOid",
    s.userid as "roleOid",
    d.datname::text as "database",
    r.rolname::text as "role",
    left(s.query, ${TEXT_CHARACTERS}::int) as "query"
  from ${sql.id(schema, "pg_stat_statements")}(true) s
    left join pg_database d on d.oid = s.dbid
    left join pg_roles r on r.oid = s.userid
  where s.queryid = any (${queryIds}::bigint[])
  order by s.queryid, s.dbid, s.userid`;

/** When the counters were reset, and how many entries were thrown out for want of room. */
export const selectStatementsInfo = (sql: Sql, { schema }: StatementsExtension) => sql<{
  readonly deallocations: number;
  readonly statsReset: string | null;
}>`
  select
    i.dealloc as "deallocations",
    i.stats_reset as "statsReset"
  from ${sql.id(schema, "pg_stat_statements_info")} i`;
