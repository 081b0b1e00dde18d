import type { Sql } from "../sql.ts";
import { ageSeconds, HIDDEN_QUERY, isClient, isForeign, type SessionRow, sessionColumns } from "./activity.ts";

/** Client sessions, without our own. Every query is one pass over pg_stat_activity. */
export interface SessionTotalsRow {
  readonly total: number;
  readonly active: number;
  readonly idle: number;
  readonly idleInTransaction: number;
  readonly idleInTransactionAborted: number;
  readonly waitingForLock: number;
  readonly idleLong: number;
  readonly startedLastMinute: number;
  readonly statesVisible: boolean;
}

export async function selectSessionTotals(sql: Sql, ownPids: readonly number[]): Promise<SessionTotalsRow> {
  const [totals] = await sql<SessionTotalsRow>`
    select
      count(*) as "total",
      count(*) filter (where a.state in ('active', 'fastpath function call')) as "active",
      count(*) filter (where a.state = 'idle') as "idle",
      count(*) filter (where a.state = 'idle in transaction') as "idleInTransaction",
      count(*) filter (where a.state = 'idle in transaction (aborted)') as "idleInTransactionAborted",
      count(*) filter (where a.state = 'active' and a.wait_event_type = 'Lock') as "waitingForLock",
      count(*) filter (where a.state = 'idle' and a.state_change < clock_timestamp() - interval '1 minute') as "idleLong",
      count(*) filter (where a.backend_start > clock_timestamp() - interval '1 minute') as "startedLastMinute",
      coalesce(bool_and(a.state is not null or a.query is distinct from ${HIDDEN_QUERY}), true) as "statesVisible"
    from pg_stat_activity a
    where ${isClient(sql)}
      and ${isForeign(sql, ownPids)}`;
  if (totals === undefined) throw new Error("an aggregate gave no row");
  return totals;
}

export interface SessionGroupRow {
  readonly application: string;
  readonly role: string;
  readonly database: string;
  readonly client: string | null;
  readonly total: number;
  readonly active: number;
  readonly idle: number;
  readonly idleInTransaction: number;
  readonly idleLong: number;
  readonly startedLastMinute: number;
  readonly oldestXactSeconds: number | null;
  readonly longestIdleInTransactionSeconds: number | null;
}

/** By origin, largest first. */
export const selectSessionGroups = (sql: Sql, ownPids: readonly number[], limit: number) => sql<SessionGroupRow>`
  select
    coalesce(a.application_name, '') as "application",
    coalesce(a.usename::text, '') as "role",
    coalesce(a.datname::text, '') as "database",
    case when a.client_addr is not null then host(a.client_addr) when a.client_port = -1 then 'local' end as "client",
    count(*) as "total",
    count(*) filter (where a.state in ('active', 'fastpath function call')) as "active",
    count(*) filter (where a.state = 'idle') as "idle",
    count(*) filter (where a.state like 'idle in transaction%') as "idleInTransaction",
    count(*) filter (where a.state = 'idle' and a.state_change < clock_timestamp() - interval '1 minute') as "idleLong",
    count(*) filter (where a.backend_start > clock_timestamp() - interval '1 minute') as "startedLastMinute",
    ${ageSeconds(sql, sql.fragment`min(a.xact_start)`)} as "oldestXactSeconds",
    ${ageSeconds(sql, sql.fragment`min(a.state_change) filter (where a.state like 'idle in transaction%')`)} as "longestIdleInTransactionSeconds"
  from pg_stat_activity a
  where ${isClient(sql)}
    and ${isForeign(sql, ownPids)}
  group by 1, 2, 3, 4
  order by count(*) desc, 1, 2, 3, 4
  limit ${limit}::int`;

/** Sessions inside a transaction, oldest transaction first. */
export const selectOldestTransactions = (sql: Sql, versionNum: number, ownPids: readonly number[], limit: number) => sql<SessionRow>`
  select ${sessionColumns(sql, versionNum)}
  from pg_stat_activity a
  where ${isClient(sql)}
    and ${isForeign(sql, ownPids)}
    and a.xact_start is not null
  order by a.xact_start, a.pid
  limit ${limit}::int`;

/** Statements that run now, longest first. */
export const selectLongestStatements = (sql: Sql, versionNum: number, ownPids: readonly number[], limit: number) => sql<SessionRow>`
  select ${sessionColumns(sql, versionNum)}
  from pg_stat_activity a
  where ${isClient(sql)}
    and ${isForeign(sql, ownPids)}
    and a.state in ('active', 'fastpath function call')
  order by a.query_start, a.pid
  limit ${limit}::int`;

/** Longest idle first. */
export const selectIdleInTransaction = (sql: Sql, versionNum: number, ownPids: readonly number[], limit: number) => sql<SessionRow>`
  select ${sessionColumns(sql, versionNum)}
  from pg_stat_activity a
  where ${isClient(sql)}
    and ${isForeign(sql, ownPids)}
    and a.state in ('idle in transaction', 'idle in transaction (aborted)')
  order by a.state_change, a.pid
  limit ${limit}::int`;

/** Any backends, not only clients'. */
export const selectSessionsByPid = (sql: Sql, versionNum: number, pids: readonly number[]) => sql<SessionRow>`
  select ${sessionColumns(sql, versionNum)}
  from pg_stat_activity a
  where a.pid = any (${pids}::int[])`;

export interface SessionFilter {
  /** Null: all. */
  readonly state: string | null;
  readonly application: string | null;
  readonly role: string | null;
  readonly database: string | null;
  readonly minXactAgeSeconds: number;
}

/** Oldest transaction first, then those outside of one, longest in their state first. */
export const selectSessions = (sql: Sql, versionNum: number, ownPids: readonly number[], filter: SessionFilter, limit: number) =>
  sql<SessionRow>`
  select ${sessionColumns(sql, versionNum)}
  from pg_stat_activity a
  where ${isClient(sql)}
    and ${isForeign(sql, ownPids)}
    and (${filter.state}::text is null or a.state = ${filter.state}::text)
    and (${filter.application}::text is null or a.application_name = ${filter.application}::text)
    and (${filter.role}::text is null or a.usename::text = ${filter.role}::text)
    and (${filter.database}::text is null or a.datname::text = ${filter.database}::text)
    and (
      ${filter.minXactAgeSeconds}::float8 <= 0
      or a.xact_start <= clock_timestamp() - make_interval(secs => ${filter.minXactAgeSeconds}::float8)
    )
  order by a.xact_start nulls last, a.state_change nulls last, a.pid
  limit ${limit}::int`;
