import type { LockRoot, LockTarget, LockTree, LockWaiter, PgLocks } from "../../../diagnosis/evidence/pg-activity.ts";
import { type ContestedLock, growLockTrees, type LockForest, type LockNode, type RootedTree } from "../lock-trees.ts";
import { defineProbe, type ProbeContext } from "../probe.ts";
import type { SessionRow } from "../queries/activity.ts";
import {
  type ContestedLockRow,
  selectContestedLocks,
  selectLockParties,
  selectLockTable,
  selectWaitingCount,
  WAIT_START_VERSION,
} from "../queries/locks.ts";
import { type PreparedByXidRow, selectPreparedByXid } from "../queries/prepared.ts";
import { selectSessionsByPid } from "../queries/sessions.ts";
import { lockedTable, type RelationNames, relationNames } from "../relation-names.ts";
import { toSession } from "../session.ts";

/** pg_blocking_pids is asked for so many. Beyond it, `waiting` still counts all. */
const WAITER_CAP = 1000;
const ROW_CAP = 10_000;
/**
 * 500 waiters take 0.2 s. In the second in which all of them reach deadlock_timeout, and each checks the whole queue for a
 * deadlock with the lock table held, it was seen to take 4.8 s.
 */
const TIMEOUT_MS = 6000;

/** Kinds of locks that say nothing of the table whose row is wanted. */
const ROW_WAITS = ["transactionid", "virtualxid", "speculative token", "spectoken"];

/**
 * The wait-for graph, closed, as one tree for each root. Opens no relation that a lock could be on; names of relations come
 * from pg_class at the end, and are left out when that is locked itself.
 */
export const locks = defineProbe({
  id: "pg.locks",

  async run(context): Promise<PgLocks> {
    const { server, ownPids } = context;
    const sql = context.withTimeout(TIMEOUT_MS);
    const { somebodyWaits, lockTableCapacity, locksHeld } = await selectLockTable(sql, ownPids);
    const waiting = somebodyWaits ? await selectWaitingCount(sql, ownPids) : 0;
    if (waiting === 0) return { waiting, trees: [], cycles: [], lockTableCapacity, locksHeld };

    const earlier = server.versionNum < WAIT_START_VERSION ? await lookEarlier(context) : null;
    const forest = await lookAtLocks(context, earlier);
    const { trees } = forest;
    const sessions = await sessionsOf(context, trees);
    const prepared = await preparedOf(context, trees);
    if (waiting > WAITER_CAP) context.skip(`${waiting - WAITER_CAP} of ${waiting} waiting processes: only ${WAITER_CAP} were followed`);
    return {
      waiting: waiting > WAITER_CAP ? waiting : forest.waiting,
      trees: trees.map((tree) => describe(tree, sessions, prepared)),
      cycles: await confirmed(context, forest),
      lockTableCapacity,
      locksHeld,
    };
  },
});

/** Who stood where a moment before the look that counts. */
interface EarlierLook {
  readonly atMs: number;
  /** "pid object" of whoever held or awaited. */
  readonly parties: ReadonlySet<string>;
}

/** Long enough to see the holder of a hot row change, short of what counts as standing. */
const EARLIER_SECONDS = { min: 1, max: 2.5 };

/** Where no wait's begin is told: a statement that has queued for a minute may have waited for its present lock for 10 ms. */
async function lookEarlier(context: ProbeContext): Promise<EarlierLook> {
  const rows = await selectLockParties(context.withTimeout(TIMEOUT_MS), ROW_CAP);
  const atMs = performance.now();
  const { min, max } = EARLIER_SECONDS;
  await context.sleep(Math.min(max, Math.max(min, context.sampling.seconds)) * 1000);
  return { atMs, parties: new Set(rows.map(({ pid, object }) => `${pid} ${object}`)) };
}

/** A wait for a lock, or for a holder of it, that was not there at the earlier look is no older than that. */
function sinceEarlier(row: ContestedLockRow, earlier: EarlierLook): ContestedLockRow {
  const { pid, object, blockedBy, waitSeconds } = row;
  if (waitSeconds === null || blockedBy === null) return row;
  const wasThere = (party: number) => earlier.parties.has(`${party} ${object}`);
  if (pid !== null && wasThere(pid) && blockedBy.some(wasThere)) return row;
  return { ...row, waitSeconds: Math.min(waitSeconds, (performance.now() - earlier.atMs) / 1000) };
}

async function lookAtLocks(context: ProbeContext, earlier: EarlierLook | null): Promise<LockForest<LockTarget>> {
  const { server, ownPids } = context;
  const read = await selectContestedLocks(context.withTimeout(TIMEOUT_MS), server.versionNum, ownPids, WAITER_CAP, ROW_CAP);
  const rows = earlier === null ? read : read.map((row) => sinceEarlier(row, earlier));
  if (rows.some(({ blockedBy, waitSeconds }) => blockedBy !== null && waitSeconds === null)) {
    context.skip("how long some wait: before PostgreSQL 14 not told to a role without pg_read_all_stats, nor of a standby's replay");
  }
  const names = await relationNames(
    context,
    rows.flatMap(({ relationOid, tupleRelationOid, lockedOids }) => [relationOid ?? 0, tupleRelationOid ?? 0, ...lockedOids]),
  );
  const holders = Map.groupBy(
    rows.filter(({ granted }) => granted),
    ({ tag }) => tag,
  );
  const contested = rows.map((row): ContestedLock<LockTarget> => ({ ...row, target: targetOf(row, holders.get(row.tag) ?? [], names) }));
  return growLockTrees(contested, ownPids, (lock, wanted) => ({ ...lock.target, relation: wanted.relation ?? lock.target.relation }));
}

function targetOf(row: ContestedLockRow, holders: readonly ContestedLockRow[], names: RelationNames): LockTarget {
  const { lockType, mode, advisoryKey, relationOid, tupleRelationOid } = row;
  const oid = relationOid ?? (ROW_WAITS.includes(lockType) ? (tupleRelationOid ?? sharedTable(row, holders, names)) : null);
  const named = oid === null ? undefined : names.get(oid);
  return { lockType, mode, relation: named === undefined ? null : { schema: named.schema, name: named.name }, advisoryKey };
}

/** The one table that the waiter has locked to write; where there are several, the one that a holder has locked, too. */
function sharedTable(row: ContestedLockRow, holders: readonly ContestedLockRow[], names: RelationNames): number | null {
  const held = new Set(holders.flatMap(({ lockedOids }) => lockedOids));
  return (
    lockedTable(row.lockedOids, names) ??
    lockedTable(
      row.lockedOids.filter((oid) => held.has(oid)),
      names,
    )
  );
}

async function sessionsOf({ sql, server }: ProbeContext, trees: LockForest<LockTarget>["trees"]): Promise<ReadonlyMap<number, SessionRow>> {
  const pids = new Set(
    trees.flatMap(({ root, waiters }) => [...(typeof root === "number" ? [root] : []), ...waiters.map(({ pid }) => pid)]),
  );
  const rows = pids.size === 0 ? [] : await selectSessionsByPid(sql, server.versionNum, [...pids]);
  return new Map(rows.map((row) => [row.pid, row]));
}

async function preparedOf({ sql }: ProbeContext, trees: LockForest<LockTarget>["trees"]): Promise<ReadonlyMap<string, PreparedByXidRow>> {
  const xids = trees.flatMap(({ root }) => (typeof root === "number" || root.preparedXid === null ? [] : [root.preparedXid]));
  const rows = xids.length === 0 ? [] : await selectPreparedByXid(sql, xids);
  return new Map(rows.map((row) => [row.xid, row]));
}

function describe(
  tree: RootedTree<LockTarget>,
  sessions: ReadonlyMap<number, SessionRow>,
  prepared: ReadonlyMap<string, PreparedByXidRow>,
): LockTree {
  return {
    root: rootOf(tree.root, sessions, prepared),
    holds: [...tree.holds],
    blocked: tree.blocked,
    direct: tree.direct,
    depth: tree.depth,
    longestWaitSeconds: tree.longestWaitSeconds,
    // One that is gone by now waits no more; the totals are of the moment when the locks were read.
    waiters: tree.waiters.flatMap(({ pid, blockedBy, queuedBehind, ...waiter }): LockWaiter[] => {
      const session = sessions.get(pid);
      if (session === undefined) return [];
      return [{ ...waiter, session: toSession(session), blockedBy: [...blockedBy], queuedBehind: [...queuedBehind] }];
    }),
  };
}

function rootOf(node: LockNode, sessions: ReadonlyMap<number, SessionRow>, prepared: ReadonlyMap<string, PreparedByXidRow>): LockRoot {
  if (typeof node === "number") {
    const session = sessions.get(node);
    return session === undefined || session.backendStart === null
      ? { kind: "unknown", pid: node }
      : { kind: "session", session: toSession(session) };
  }
  const transaction = prepared.get(node.preparedXid ?? "");
  if (transaction === undefined) return { kind: "unknown", pid: 0 };
  const { gid, owner, database, ageSeconds } = transaction;
  return { kind: "prepared-transaction", gid, owner, database, ageSeconds };
}

/** pg_locks and pg_blocking_pids are read one after the other: under many short waits that can look like a cycle, once. */
async function confirmed(context: ProbeContext, forest: LockForest<LockTarget>): Promise<number[][]> {
  if (forest.cycles.length === 0) return [];
  const again = new Set((await lookAtLocks(context, null)).cycles.map(String));
  return forest.cycles.filter((cycle) => again.has(String(cycle))).map((cycle) => [...cycle]);
}
