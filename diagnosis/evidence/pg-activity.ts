import { z } from "zod";
import { count, milliseconds, Relation, seconds, time, transactionAge, untrusted } from "./units.ts";

/** A backend, as pg_stat_activity shows it. Fields that the role may not see are null: unknown, not "none". */
export const Session = z.object({
  pid: count,
  backendStart: time,
  backendType: z.string(),
  database: z.string().nullable(),
  role: z.string().nullable(),
  application: untrusted,
  /** Client address; "local" for a socket. */
  client: z.string().nullable(),
  state: z
    .enum(["active", "idle", "idle in transaction", "idle in transaction (aborted)", "fastpath function call", "disabled"])
    .nullable(),
  waitEventType: z.string().nullable(),
  waitEvent: z.string().nullable(),
  /** Since the transaction began; null outside one. */
  xactAgeSeconds: seconds.nullable(),
  /** Since the present or last statement began. */
  queryAgeSeconds: seconds.nullable(),
  /** Since the state last changed: for an idle session, how long it has been idle. */
  stateAgeSeconds: seconds.nullable(),
  /** True when it has a transaction id, which means that it wrote something. */
  hasWritten: z.boolean().nullable(),
  /** How far back its snapshot holds the horizon. */
  xminAge: transactionAge.nullable(),
  queryId: z.string().nullable(),
  query: untrusted.nullable(),
});
export type Session = z.output<typeof Session>;

/** Sessions of one origin. */
export const SessionGroup = z.object({
  application: untrusted,
  role: z.string(),
  database: z.string(),
  client: z.string().nullable(),
  total: count,
  active: count,
  idle: count,
  idleInTransaction: count,
  /** Idle for longer than a minute. */
  idleLong: count,
  /** Backends that started within the last minute. */
  startedLastMinute: count,
  oldestXactSeconds: seconds.nullable(),
  /** The longest time that one of them has been idle inside its transaction. */
  longestIdleInTransactionSeconds: seconds.nullable(),
});
export type SessionGroup = z.output<typeof SessionGroup>;

export const PgSessions = z.object({
  /** Client backends without our own. */
  total: count,
  active: count,
  idle: count,
  idleInTransaction: count,
  idleInTransactionAborted: count,
  /** active and waiting for a heavyweight lock. */
  waitingForLock: count,
  /** Idle for longer than a minute. */
  idleLong: count,
  startedLastMinute: count,
  /** False when the role cannot see other roles' states: the counts by state are then of our own role only. */
  statesVisible: z.boolean(),
  /** Largest first; at most 50. */
  groups: z.array(SessionGroup),
  /** Every session inside a transaction, oldest transaction first; at most 50. */
  oldestTransactions: z.array(Session),
  /** Active statements, longest first; at most 20. */
  longestStatements: z.array(Session),
  /** Sessions that are idle inside a transaction, longest idle first; at most 50. */
  idleInTransactionSessions: z.array(Session),
});
export type PgSessions = z.output<typeof PgSessions>;

export const LockTarget = z.object({
  /** relation, transactionid, virtualxid, tuple, advisory, object, extend, page, speculative token, ... */
  lockType: z.string(),
  /** AccessExclusiveLock, ShareLock, ... */
  mode: z.string(),
  /** The relation that it is about; for a transaction id wait, the table whose row the waiter wants, where that can be told. */
  relation: Relation.nullable(),
  /** For an advisory lock: its key, as one number or "classid,objid". */
  advisoryKey: z.string().nullable(),
});
export type LockTarget = z.output<typeof LockTarget>;

/** A session that waits, somewhere below a root. */
export const LockWaiter = z.object({
  session: Session,
  wants: LockTarget,
  /** From pg_locks.waitstart (14 and later), else since the statement began. */
  waitSeconds: seconds,
  /** From pg_blocking_pids, at most 20, holders first; 0 stands for a prepared transaction. */
  blockedBy: z.array(count),
  /** Of these, the ones that only stand before it in the queue and hold nothing that conflicts. */
  queuedBehind: z.array(count),
  /** 1 when it waits for the root itself. */
  depth: count,
});
export type LockWaiter = z.output<typeof LockWaiter>;

export const LockRoot = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("session"), session: Session }),
  z.object({ kind: z.literal("prepared-transaction"), gid: z.string(), owner: z.string(), database: z.string(), ageSeconds: seconds }),
  /** It was gone before we could read it, or may not be seen. */
  z.object({ kind: z.literal("unknown"), pid: count }),
]);
export type LockRoot = z.output<typeof LockRoot>;

/** Everything that waits, directly or through others, for one root that waits for nobody. */
export const LockTree = z.object({
  root: LockRoot,
  /** What the root holds that its direct waiters want, most wanted first. */
  holds: z.array(LockTarget),
  /** All below it. */
  blocked: count,
  /** Of these, those that wait for the root itself. */
  direct: count,
  depth: count,
  longestWaitSeconds: seconds,
  /** The longest waits of every depth, shallowest first; at most 20 a tree. The totals above count all. */
  waiters: z.array(LockWaiter),
});
export type LockTree = z.output<typeof LockTree>;

export const PgLocks = z.object({
  waiting: count,
  /** Most blocked first; at most 20. */
  trees: z.array(LockTree),
  /** Waiters that wait for each other: PostgreSQL will break it after deadlock_timeout. */
  cycles: z.array(z.array(count)),
  /** max_locks_per_transaction * (max_connections + max_prepared_transactions): room in the shared lock table. */
  lockTableCapacity: count,
  locksHeld: count,
});
export type PgLocks = z.output<typeof PgLocks>;

/** Where time goes: pg_stat_activity sampled several times a second, other sessions only. */
export const PgWaits = z.object({
  samples: count,
  intervalMs: milliseconds,
  seconds,
  /** Active client sessions, on average. */
  averageActive: z.number(),
  /**
   * Active sessions by what they wait for; type and event are null when they run on a CPU. Most first; at most 40.
   * `averageSessions` is samples of this kind over all samples: 4.0 means four sessions all the time.
   */
  events: z.array(
    z.object({
      type: z.string().nullable(),
      event: z.string().nullable(),
      averageSessions: z.number(),
    }),
  ),
  /** The same by statement and wait; queryId is null before 14 or without compute_query_id. Most first; at most 40. */
  statements: z.array(
    z.object({
      queryId: z.string().nullable(),
      query: untrusted,
      type: z.string().nullable(),
      event: z.string().nullable(),
      averageSessions: z.number(),
    }),
  ),
  /**
   * Sessions seen waiting for a heavyweight lock, by lock type. `distinctWaiters` counts pid and wait begun:
   * many short waits of many sessions are contention; few long ones have a root.
   */
  lockWaits: z.array(
    z.object({
      event: z.string(),
      averageSessions: z.number(),
      distinctWaits: count,
      longestWaitSeconds: seconds,
      relation: Relation.nullable(),
    }),
  ),
});
export type PgWaits = z.output<typeof PgWaits>;

export const PgPrepared = z.object({
  /** max_prepared_transactions. */
  max: count,
  /** Oldest first; at most 50. */
  transactions: z.array(
    z.object({
      gid: z.string(),
      owner: z.string(),
      database: z.string(),
      preparedAt: time,
      ageSeconds: seconds,
      xidAge: transactionAge,
    }),
  ),
});
export type PgPrepared = z.output<typeof PgPrepared>;
