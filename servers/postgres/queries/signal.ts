import type { Fragment, Sql } from "../sql.ts";
import { type SessionRow, sessionColumns } from "./activity.ts";

/** One session that is to be signalled: who it is, whether our role may, whom it blocks, and the signals themselves. */
export interface SignalTargetRow extends SessionRow {
  readonly xactStart: string | null;
  readonly queryStart: string | null;
  /** Its role is a superuser; true, too, for backends that have no role, which PostgreSQL protects alike. */
  readonly isSuperuser: boolean;
  /** One of this process, or of another process of this suite. */
  readonly isOurs: boolean;
  /** By pg_signal_backend, or as a member of its role. */
  readonly maySignal: boolean;
  /** 18 and later: pg_signal_autovacuum_worker. */
  readonly maySignalAutovacuum: boolean;
}

/** By pid only: whoever asks compares backendStart, to tell a session that has gone from one whose start is hidden. */
export async function selectSignalTarget(sql: Sql, versionNum: number, pid: number): Promise<SignalTargetRow | undefined> {
  const [row] = await sql<SignalTargetRow>`
    select
      ${sessionColumns(sql, versionNum)},
      a.xact_start as "xactStart",
      a.query_start as "queryStart",
      coalesce(r.rolsuper, true) as "isSuperuser",
      a.pid = pg_backend_pid()
        or (a.application_name <> '' and a.application_name = current_setting('application_name')) as "isOurs",
      ${hasRole(sql, "pg_signal_backend")} or coalesce(pg_has_role(current_user, r.oid, 'usage'), false) as "maySignal",
      ${hasRole(sql, "pg_signal_autovacuum_worker")} as "maySignalAutovacuum"
    from pg_stat_activity a
      left join pg_roles r on r.oid = a.usesysid
    where a.pid = ${pid}::int`;
  return row;
}

const hasRole = (sql: Sql, name: string): Fragment =>
  sql.fragment`coalesce((select pg_has_role(current_user, s.oid, 'usage') from pg_roles s where s.rolname = ${name}::text), false)`;

/** How many processes wait for this one, directly or through others. At most `limit` waiting processes are followed. */
export async function selectBlockedCount(sql: Sql, pid: number, limit: number): Promise<number> {
  const [row] = await sql<{ readonly blocked: number }>`
    with recursive waiting as materialized (
      select
        w.pid,
        pg_blocking_pids(w.pid) as blockers
      from (
        select distinct l.pid
        from pg_locks l
        where not l.granted
        limit ${limit}::int
      ) w
    ),
    below as (
      select w.pid
      from waiting w
      where ${pid}::int = any (w.blockers)
      union
      select w.pid
      from waiting w
        join below b on b.pid = any (w.blockers)
    )
    select count(*) as "blocked"
    from below b
    where b.pid <> ${pid}::int`;
  return row?.blocked ?? 0;
}

export interface SignalledRow {
  readonly signalled: boolean;
}

/** Identity is checked in the statement that signals. No row: that session has gone. False: PostgreSQL found no process. */
export const terminateSession = (sql: Sql, pid: number, backendStart: string) => sql<SignalledRow>`
  select pg_terminate_backend(a.pid) as "signalled"
  from pg_stat_activity a
  where a.pid = ${pid}::int
    and a.backend_start = ${backendStart}::timestamptz`;

/** Only while the statement that was planned for still runs: a later one was not agreed upon. */
export const cancelStatement = (sql: Sql, pid: number, backendStart: string, queryStart: string) => sql<SignalledRow>`
  select pg_cancel_backend(a.pid) as "signalled"
  from pg_stat_activity a
  where a.pid = ${pid}::int
    and a.backend_start = ${backendStart}::timestamptz
    and a.query_start = ${queryStart}::timestamptz
    and a.state in ('active', 'fastpath function call')`;
