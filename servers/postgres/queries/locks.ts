import type { Fragment, Sql } from "../sql.ts";
import { ageSeconds } from "./activity.ts";

/**
 * Locks that somebody waits for. pg_locks, pg_stat_get_activity() and pg_blocking_pids() read shared memory only: they open
 * neither the relations that the locks are about nor any catalog, so that this never joins the queue that it looks at, not
 * even when somebody holds pg_class, pg_authid or pg_database.
 */
export interface LockTableRow {
  readonly somebodyWaits: boolean;
  readonly lockTableCapacity: number;
  /** Objects in the shared lock table: fast-path locks are kept elsewhere. */
  readonly locksHeld: number;
}

/** One pass over pg_locks and no join: this is all that is asked while nobody waits, which is nearly always. */
export async function selectLockTable(sql: Sql, ownPids: readonly number[]): Promise<LockTableRow> {
  const [table] = await sql<LockTableRow>`
    select
      coalesce(bool_or(not l.granted and l.pid <> all (${ownPids}::int[])), false) as "somebodyWaits",
      current_setting('max_locks_per_transaction')::int8
        * (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8) as "lockTableCapacity",
      count(distinct (l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid::text, l.classid, l.objid, l.objsubid))
        filter (where not l.fastpath) as "locksHeld"
    from pg_locks l`;
  if (table === undefined) throw new Error("an aggregate gave no row");
  return table;
}

/** Waiting processes, those of a parallel query counted once for each lock. */
export async function selectWaitingCount(sql: Sql, ownPids: readonly number[]): Promise<number> {
  const [counts] = await sql<{ readonly waiting: number }>`
    with objects as (
      select count(distinct coalesce(${leaderPid(sql)}, l.pid)) as waiting
      from pg_locks l
        left join pg_stat_get_activity(null) a on a.pid = l.pid
      where not l.granted
        and l.pid <> all (${ownPids}::int[])
      group by l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid::text, l.classid, l.objid, l.objsubid
    )
    select coalesce(sum(o.waiting), 0)::int8 as "waiting"
    from objects o`;
  return counts?.waiting ?? 0;
}

/** One holder of, or waiter for, a lock that somebody waits for. */
export interface ContestedLockRow {
  /** The same number: the same lockable object. */
  readonly tag: number;
  /** What the lock is on, in words that stay the same from look to look. */
  readonly object: string;
  /** As clients know it: a parallel worker's leader. Null: a prepared transaction. */
  readonly pid: number | null;
  /** The prepared transaction's id. */
  readonly preparedXid: string | null;
  readonly lockType: string;
  readonly mode: string;
  readonly granted: boolean;
  /** Null when granted, or when neither wait nor statement may be seen. */
  readonly waitSeconds: number | null;
  readonly xactAgeSeconds: number | null;
  /** pg_blocking_pids; null when granted. */
  readonly blockedBy: readonly number[] | null;
  /** The relation that the lock is about, where it is one of our database. */
  readonly relationOid: number | null;
  /** The relation of the tuple lock that it holds or awaits: PostgreSQL takes one before it waits for a row's last writer. */
  readonly tupleRelationOid: number | null;
  /** Relations that it has locked for more than reading. */
  readonly lockedOids: readonly number[];
  readonly advisoryKey: string | null;
}

/** pg_locks.waitstart: below it a wait is counted from its statement's begin, over however many locks that has waited for. */
export const WAIT_START_VERSION = 140000;
/** A transaction that has locked more relations than this does not tell which one it is about. */
const LOCKED_CAP = 50;

/**
 * pg_blocking_pids takes every partition of the lock table for a moment, so it is called once for each waiting process,
 * and for at most `waiterCap`, the longest waits first.
 *
 * A prepared transaction's locks have no pid. Its virtualtransaction is that of the session that prepared it, or, after a
 * restart, -1/xid: what tells it is that it holds the lock on its own transaction id.
 *
 * On a standby the startup process waits for whoever reads what it has to change, and pg_blocking_pids knows nothing of it:
 * it wants ACCESS EXCLUSIVE, so everybody who has the lock stands in its way.
 */
export const selectContestedLocks = (sql: Sql, versionNum: number, ownPids: readonly number[], waiterCap: number, rowCap: number) =>
  sql<ContestedLockRow>`
  with locks as materialized (
    select
      l.locktype,
      l.database,
      l.relation,
      l.page,
      l.tuple,
      l.virtualxid,
      l.transactionid,
      l.classid,
      l.objid,
      l.objsubid,
      l.pid,
      l.virtualtransaction,
      l.mode,
      l.granted,
      ${waitStart(sql, versionNum)} as waitstart
    from pg_locks l
  ),
  tagged as materialized (
    select
      l.*,
      ${objectOf(sql)} as object
    from locks l
    where l.locktype in (select w.locktype from locks w where not w.granted)
  ),
  waiters as materialized (
    select distinct on (client_pid)
      coalesce(${leaderPid(sql)}, l.pid) as client_pid,
      l.pid,
      l.object,
      l.mode,
      coalesce(l.waitstart, a.query_start) as since,
      a.xact_start
    from tagged l
      left join pg_stat_get_activity(null) a on a.pid = l.pid
    where not l.granted
      and l.pid <> all (${ownPids}::int[])
    order by client_pid, since nulls last
  ),
  longest as materialized (
    select w.*
    from waiters w
    order by w.since nulls last, w.client_pid
    limit ${waiterCap}::int
  ),
  objects as materialized (
    select
      o.object,
      row_number() over (order by o.object)::int as tag
    from (select distinct w.object from longest w) o
  ),
  contested as materialized (
    select
      o.tag,
      coalesce(${leaderPid(sql)}, l.pid) as client_pid,
      l.*,
      w.since,
      a.xact_start,
      a.backend_type,
      w.client_pid is not null as is_waiter
    from tagged l
      join objects o on o.object = l.object
      left join pg_stat_get_activity(null) a on a.pid = l.pid
      left join longest w on w.pid = l.pid and w.object = l.object and not l.granted
    order by l.granted, w.since nulls last, a.xact_start nulls last
    limit ${rowCap}::int
  ),
  footprints as materialized (
    select
      l.virtualtransaction,
      min(l.relation) filter (where l.locktype = 'tuple') as tuple_relation,
      array_agg(distinct l.relation) filter (where l.locktype = 'relation') as relations
    from locks l
    where l.virtualtransaction in (select c.virtualtransaction from contested c)
      and l.database = ${ourDatabase(sql)}
      and (l.locktype = 'tuple' or (l.locktype = 'relation' and l.granted and l.mode <> 'AccessShareLock'))
    group by l.virtualtransaction
  ),
  dormant as materialized (
    select
      l.virtualtransaction,
      min(p.transaction::text) as xid
    from pg_prepared_xact() p
      join locks l on l.transactionid::text = p.transaction::text
    where l.pid is null
      and l.locktype = 'transactionid'
      and l.granted
    group by l.virtualtransaction
  )
  select
    c.tag as "tag",
    c.object as "object",
    c.client_pid as "pid",
    case when c.pid is null then d.xid end as "preparedXid",
    c.locktype as "lockType",
    c.mode as "mode",
    c.granted as "granted",
    case when not c.granted then ${ageSeconds(sql, sql.fragment`c.since`)} end as "waitSeconds",
    ${ageSeconds(sql, sql.fragment`c.xact_start`)} as "xactAgeSeconds",
    case
      when not c.is_waiter then null
      when c.backend_type = 'startup' then array(select distinct h.client_pid from contested h where h.tag = c.tag and h.granted)
      else pg_blocking_pids(c.client_pid)
    end as "blockedBy",
    case
      when c.database = 0 or c.database = ${ourDatabase(sql)} then c.relation
    end as "relationOid",
    f.tuple_relation as "tupleRelationOid",
    case when cardinality(f.relations) <= ${LOCKED_CAP}::int then f.relations else '{}' end as "lockedOids",
    case
      when c.locktype <> 'advisory' then null
      when c.objsubid = 1 then ((c.classid::int8 << 32) | c.objid::int8)::text
      else concat(${asInt4(sql, sql.fragment`c.classid`)}, ',', ${asInt4(sql, sql.fragment`c.objid`)})
    end as "advisoryKey"
  from contested c
    left join footprints f on f.virtualtransaction = c.virtualtransaction
    left join dormant d on d.virtualtransaction = c.virtualtransaction
  order by c.tag, c.granted desc, c.since nulls last`;

const waitStart = (sql: Sql, versionNum: number): Fragment =>
  versionNum >= WAIT_START_VERSION ? sql.fragment`l.waitstart` : sql.fragment`null::timestamptz`;

const objectOf = (sql: Sql): Fragment =>
  sql.fragment`concat_ws('/', l.locktype, coalesce(l.database, 0), coalesce(l.relation, 0), coalesce(l.page, -1), coalesce(l.tuple, -1),
        coalesce(l.virtualxid, ''), coalesce(l.transactionid::text, ''), coalesce(l.classid, 0), coalesce(l.objid, 0), coalesce(l.objsubid, -1)
      )`;

/** Somebody's part in a lock that somebody waits for. */
export interface LockPartyRow {
  readonly object: string;
  /** As clients know it; 0: a prepared transaction, as pg_blocking_pids has it. */
  readonly pid: number;
  readonly granted: boolean;
}

/** Who holds and who awaits what is waited for, without asking for whom. */
export const selectLockParties = (sql: Sql, limit: number) => sql<LockPartyRow>`
  with locks as materialized (
    select ${objectOf(sql)} as object, l.pid, l.granted
    from pg_locks l
  )
  select
    l.object as "object",
    coalesce(${leaderPid(sql)}, l.pid, 0) as "pid",
    l.granted as "granted"
  from locks l
    left join pg_stat_get_activity(null) a on a.pid = l.pid
  where l.object in (select w.object from locks w where not w.granted)
  limit ${limit}::int`;

const ourDatabase = (sql: Sql): Fragment => sql.fragment`(select o.datid from pg_stat_get_activity(pg_backend_pid()) o)`;

/** pg_blocking_pids speaks of leaders, and answers for the whole group when it is asked for one. */
const leaderPid = (sql: Sql): Fragment => sql.fragment`case when a.backend_type = 'parallel worker' then a.leader_pid end`;

/** The two keys of pg_advisory_lock(int, int) are shown as oids, which have no sign. */
const asInt4 = (sql: Sql, key: Fragment): Fragment =>
  sql.fragment`case when ${key}::int8 > 2147483647 then ${key}::int8 - 4294967296 else ${key}::int8 end`;

export interface LockWaitRow {
  readonly pid: number;
  readonly event: string;
  readonly waitSeconds: number | null;
  readonly relationOid: number | null;
  readonly lockedOids: readonly number[];
}

/** Who waits for what, without asking for whom: cheap enough to be asked every second. */
export const selectLockWaits = (sql: Sql, versionNum: number, ownPids: readonly number[], limit: number) => sql<LockWaitRow>`
  with locks as materialized (
    select
      l.locktype,
      l.database,
      l.relation,
      l.pid,
      l.mode,
      l.granted,
      ${waitStart(sql, versionNum)} as waitstart
    from pg_locks l
  ),
  waiters as materialized (
    select l.*
    from locks l
    where not l.granted
      and l.pid <> all (${ownPids}::int[])
    limit ${limit}::int
  ),
  footprints as materialized (
    select
      l.pid,
      min(l.relation) filter (where l.locktype = 'tuple') as tuple_relation,
      array_agg(distinct l.relation) filter (where l.locktype = 'relation') as relations
    from locks l
    where l.pid in (select w.pid from waiters w)
      and l.database = ${ourDatabase(sql)}
      and (l.locktype = 'tuple' or (l.locktype = 'relation' and l.granted and l.mode <> 'AccessShareLock'))
    group by l.pid
  )
  select
    w.pid as "pid",
    w.locktype as "event",
    ${ageSeconds(sql, sql.fragment`coalesce(w.waitstart, a.query_start)`)} as "waitSeconds",
    coalesce(case when w.database = ${ourDatabase(sql)} then w.relation end, f.tuple_relation) as "relationOid",
    case when cardinality(f.relations) <= ${LOCKED_CAP}::int then f.relations else '{}' end as "lockedOids"
  from waiters w
    left join pg_stat_get_activity(null) a on a.pid = w.pid
    left join footprints f on f.pid = w.pid`;

export interface RelationNameRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_class.relkind: r table, p partitioned table, m materialised view, i index, ... */
  readonly kind: string;
}

/** Names come from pg_class: nothing that would open the relation itself. */
export const selectRelationNames = (sql: Sql, oids: readonly number[]) => sql<RelationNameRow>`
  select
    c.oid as "oid",
    n.nspname::text as "schema",
    c.relname::text as "name",
    c.relkind::text as "kind"
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
  where c.oid = any (${oids}::oid[])`;
