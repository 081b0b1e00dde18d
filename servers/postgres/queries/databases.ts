import type { Sql } from "../sql.ts";

/** Databases and their counters, sizes apart: those cost a walk over every file (see database-sizes.ts). */
export interface DatabaseRow {
  readonly oid: number;
  readonly name: string;
  readonly connections: number;
  readonly connectionLimit: number;
  readonly allowsConnections: boolean;
  readonly isTemplate: boolean;
  readonly commits: number;
  readonly rollbacks: number;
  readonly blocksRead: number;
  readonly blocksHit: number;
  readonly rowsReturned: number;
  readonly rowsFetched: number;
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  readonly rowsDeleted: number;
  readonly tempFiles: number;
  readonly tempBytes: number;
  readonly deadlocks: number;
  readonly conflicts: number;
  readonly sessions: number | null;
  readonly checksumFailures: number | null;
  readonly checksumLastFailure: string | null;
  readonly freezeAge: number;
  readonly multixactAge: number;
  readonly statsReset: string | null;
}

/** PostgreSQL 14 began to count sessions. */
const COUNTS_SESSIONS = 140000;

/** The nearest to wraparound first, because that is what must not fall off the end. */
export function selectDatabases(sql: Sql, versionNum: number, limit: number) {
  const sessions = versionNum >= COUNTS_SESSIONS ? sql.fragment`s.sessions` : sql.fragment`null::bigint`;
  return sql<DatabaseRow>`
    select
      d.oid,
      d.datname::text as "name",
      coalesce(s.numbackends, 0) as "connections",
      d.datconnlimit as "connectionLimit",
      d.datallowconn as "allowsConnections",
      d.datistemplate as "isTemplate",
      coalesce(s.xact_commit, 0) as "commits",
      coalesce(s.xact_rollback, 0) as "rollbacks",
      coalesce(s.blks_read, 0) as "blocksRead",
      coalesce(s.blks_hit, 0) as "blocksHit",
      coalesce(s.tup_returned, 0) as "rowsReturned",
      coalesce(s.tup_fetched, 0) as "rowsFetched",
      coalesce(s.tup_inserted, 0) as "rowsInserted",
      coalesce(s.tup_updated, 0) as "rowsUpdated",
      coalesce(s.tup_deleted, 0) as "rowsDeleted",
      coalesce(s.temp_files, 0) as "tempFiles",
      coalesce(s.temp_bytes, 0) as "tempBytes",
      coalesce(s.deadlocks, 0) as "deadlocks",
      coalesce(s.conflicts, 0) as "conflicts",
      ${sessions} as "sessions",
      s.checksum_failures as "checksumFailures",
      s.checksum_last_failure as "checksumLastFailure",
      age(d.datfrozenxid) as "freezeAge",
      mxid_age(d.datminmxid) as "multixactAge",
      s.stats_reset as "statsReset"
    from pg_database d
      left join pg_stat_database s on s.datid = d.oid
    order by age(d.datfrozenxid) desc, d.datname
    limit ${limit}`;
}
