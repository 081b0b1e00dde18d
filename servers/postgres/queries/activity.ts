import type { Session } from "../../../diagnosis/evidence/pg-activity.ts";
import type { Fragment, Sql } from "../sql.ts";

/**
 * Pieces that every query on pg_stat_activity (as `a`) shares. The view opens pg_authid and pg_database only.
 *
 * Without pg_read_all_stats, rows of other roles come with pid, role, database, application_name and backend_xid, and null
 * for the rest, backend_type and backend_start included.
 */
export interface SessionRow {
  readonly pid: number;
  /** Null: this role may not see it. */
  readonly backendStart: string | null;
  readonly backendType: string | null;
  readonly database: string | null;
  readonly role: string | null;
  readonly application: string;
  readonly client: string | null;
  readonly state: Session["state"];
  readonly waitEventType: string | null;
  readonly waitEvent: string | null;
  readonly xactAgeSeconds: number | null;
  readonly queryAgeSeconds: number | null;
  readonly stateAgeSeconds: number | null;
  readonly hasWritten: boolean | null;
  readonly xminAge: number | null;
  readonly queryId: string | null;
  readonly query: string | null;
}

/** More than is kept, so that redaction sees what a cut would disguise. */
const QUERY_CHARACTERS = 2000;

/** The text of a query that may not be seen. */
export const HIDDEN_QUERY = "<insufficient privilege>";

/** Written by it since 14. */
const QUERY_ID_VERSION = 140000;

/** 18 shows sessions that still authenticate, in a state of their own: that is no state of a session. */
export const sessionColumns = (sql: Sql, versionNum: number): Fragment => sql.fragment`
    a.pid,
    a.backend_start as "backendStart",
    a.backend_type as "backendType",
    a.datname::text as "database",
    a.usename::text as "role",
    coalesce(a.application_name, '') as "application",
    case when a.client_addr is not null then host(a.client_addr) when a.client_port = -1 then 'local' end as "client",
    nullif(a.state, 'starting') as "state",
    a.wait_event_type as "waitEventType",
    a.wait_event as "waitEvent",
    ${ageSeconds(sql, sql.fragment`a.xact_start`)} as "xactAgeSeconds",
    ${ageSeconds(sql, sql.fragment`a.query_start`)} as "queryAgeSeconds",
    ${ageSeconds(sql, sql.fragment`a.state_change`)} as "stateAgeSeconds",
    a.backend_xid is not null as "hasWritten",
    age(a.backend_xmin)::int8 as "xminAge",
    ${queryId(sql, versionNum)} as "queryId",
    nullif(left(a.query, ${QUERY_CHARACTERS}::int), ${HIDDEN_QUERY}) as "query"`;

export const queryId = (sql: Sql, versionNum: number): Fragment =>
  versionNum >= QUERY_ID_VERSION ? sql.fragment`a.query_id::text` : sql.fragment`null::text`;

/** Null where `since` is. Clocks can step back between two readings; an age cannot be negative. */
export const ageSeconds = (sql: Sql, since: Fragment): Fragment =>
  sql.fragment`round(extract(epoch from greatest(clock_timestamp(), ${since}) - ${since})::numeric, 3)::float8`;

/** A hidden row with a role and a database is taken for a client's: background workers that have both are rare. */
export const isClient = (sql: Sql): Fragment => sql.fragment`(
      a.backend_type = 'client backend'
      or (a.backend_type is null and a.usesysid is not null and a.datid is not null)
    )`;

/** Not a backend of this process, nor one of another process of this suite on the same server. */
export const isForeign = (sql: Sql, ownPids: readonly number[]): Fragment => sql.fragment`(
      a.pid <> all (${ownPids}::int[])
      and (a.application_name is null or a.application_name = '' or a.application_name <> current_setting('application_name'))
    )`;
