import type { Sql } from "../sql.ts";
import { HIDDEN_QUERY, isForeign, queryId } from "./activity.ts";

/** One active process at one moment. */
export interface WaitSampleRow {
  readonly pid: number;
  readonly isClient: boolean;
  readonly type: string | null;
  readonly event: string | null;
  readonly queryId: string | null;
  /** The statement's identity where it has no query id. */
  readonly textHash: string;
  /** Only the first time: not when the statement is among `knownStatements`. */
  readonly query: string | null;
  /** Tells the waits of one statement from those of the next. */
  readonly queryStart: string | null;
}

const QUERY_CHARACTERS = 2000;

/**
 * One pass over the sessions' shared memory, asked several times a second: pg_stat_get_activity() opens no catalog, where
 * the view pg_stat_activity opens two.
 */
export const selectWaitSample = (
  sql: Sql,
  versionNum: number,
  ownPids: readonly number[],
  knownStatements: readonly string[],
  limit: number,
) =>
  sql<WaitSampleRow>`
  select
    s.pid as "pid",
    s.is_client as "isClient",
    s.wait_event_type as "type",
    s.wait_event as "event",
    s.query_id as "queryId",
    s.text_hash as "textHash",
    case when coalesce(s.query_id, s.text_hash) <> all (${knownStatements}::text[]) then left(s.query, ${QUERY_CHARACTERS}::int) end as "query",
    s.query_start as "queryStart"
  from (
    select
      a.pid,
      a.backend_type = 'client backend' as is_client,
      a.wait_event_type,
      a.wait_event,
      ${queryId(sql, versionNum)} as query_id,
      hashtextextended(a.query, 0)::text as text_hash,
      a.query,
      a.query_start
    from pg_stat_get_activity(null) a
    where a.state = 'active'
      and a.backend_type in ('client backend', 'parallel worker')
      and ${isForeign(sql, ownPids)}
  ) s
  limit ${limit}::int`;

/** True where this role may not see what other roles' sessions do. */
export async function hasHiddenSessions(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ readonly hidden: boolean }>`
    select exists (
      select
      from pg_stat_get_activity(null) a
      where a.usesysid is not null
        and a.datid is not null
        and a.backend_type is null
        and a.query = ${HIDDEN_QUERY}
    ) as "hidden"`;
  return row?.hidden ?? false;
}
