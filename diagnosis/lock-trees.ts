import type { LockTree, LockWaiter, PgLocks, Session } from "./evidence/pg-activity.ts";
import type { DiagnosedObject } from "./object.ts";
import { plural } from "./report/quantity.ts";
import type { Facts, Severity, Undecided } from "./rule.ts";

/**
 * What a lock tree is an instance of: exactly one kind for each, so that one incident makes one finding. The rules
 * `pg-lock-*` each report one kind. Pure.
 */
export type LockTreeKind =
  /** Waits that pass by themselves: traffic. */
  | "passing"
  | "prepared"
  | "vacuum"
  /** Most of those below wait behind a statement that itself only waits: they would run on without it. */
  | "ddl-queue"
  | "advisory"
  /** The root's COMMIT waits for a standby. */
  | "commit-waits"
  | "idle"
  | "active"
  /** What the root does is hidden from our role, or it is a prepared transaction that was not found. */
  | "unknown";

/**
 * Someone has waited this long for the root itself, and its transaction is no younger. On a hot row the holder changes
 * every few milliseconds, and each wait for a holder is as short, however long the queue: only direct waits tell.
 */
const STANDING_SECONDS = 3;
/** A root that has said nothing for STANDING_SECONDS is no traffic: then a wait that others would give up is enough. */
const NOTICED_SECONDS = 1;
/** A person at the screen has given up by now, and load balancers cut requests. */
const LONG_WAIT_SECONDS = 30;
/** As many victims as a small pool has sessions: the application stands still, not one request of it. */
const MANY_BLOCKED = 5;

export function kindOf(tree: LockTree): LockTreeKind {
  const { root } = tree;
  const waited = longestDirectWait(tree);
  if (root.kind === "prepared-transaction") return waited < NOTICED_SECONDS ? "passing" : "prepared";
  if (root.kind === "unknown") return waited >= STANDING_SECONDS && (root.pid === 0 || isHidden(tree)) ? "unknown" : "passing";
  const { session } = root;
  const isIdle = session.state === "idle in transaction" || session.state === "idle in transaction (aborted)";
  const isParked = isIdle && (session.stateAgeSeconds ?? 0) >= STANDING_SECONDS;
  if (waited < (isParked ? NOTICED_SECONDS : STANDING_SECONDS)) return "passing";
  if (session.state === null && !isAutovacuum(session)) return "unknown";
  if (isAdvisory(tree)) return "advisory";
  // Outside of a transaction it holds nothing but advisory locks: it ended between two looks.
  if (session.state === "idle" || !(isParked || isStanding(session, waited))) return "passing";
  if (isVacuuming(session)) return "vacuum";
  if (queueOf(tree) !== null) return "ddl-queue";
  if (session.waitEvent === "SyncRep") return "commit-waits";
  return isParked ? "idle" : "active";
}

/** Where not even the waiters' states can be seen, the root is hidden. Otherwise it was gone when it was read, and has not stood. */
function isHidden({ waiters }: LockTree): boolean {
  return waiters.some(({ session }) => session.state === null && !isAutovacuum(session));
}

function longestDirectWait({ waiters }: LockTree): number {
  return Math.max(0, ...waiters.filter(({ depth }) => depth === 1).map(({ waitSeconds }) => waitSeconds));
}

/** Clocks are read one after the other. */
const SLACK_SECONDS = 0.5;

/**
 * It was there before those who wait for it. Before 14 a wait is counted from the statement's begin, over however many
 * holders: then a holder that is younger than the wait has only just had its turn.
 */
function isStanding(session: Session, waitedSeconds: number): boolean {
  const age = session.xactAgeSeconds ?? session.queryAgeSeconds ?? 0;
  return age >= Math.max(STANDING_SECONDS, waitedSeconds - SLACK_SECONDS);
}

export function treesOfKind(locks: PgLocks, kind: LockTreeKind): readonly LockTree[] {
  return locks.trees.filter((tree) => kindOf(tree) === kind);
}

/** The trees of one kind whose root is a session, each with it. */
export function sessionTreesOfKind(locks: PgLocks, kind: LockTreeKind): readonly { readonly tree: LockTree; readonly session: Session }[] {
  return treesOfKind(locks, kind).flatMap((tree) => (tree.root.kind === "session" ? [{ tree, session: tree.root.session }] : []));
}

export function isAutovacuum(session: Session): boolean {
  return session.backendType === "autovacuum worker";
}

function isVacuuming(session: Session): boolean {
  return isAutovacuum(session) || (session.state === "active" && /^\s*vacuum\b(?!.*\bfull\b)/i.test(session.query ?? ""));
}

function isAdvisory(tree: LockTree): boolean {
  const direct = tree.waiters.filter(({ depth }) => depth === 1);
  return direct.length > 0 && direct.filter(({ wants }) => wants.lockType === "advisory").length * 2 > direct.length;
}

/** Relation locks that queue up others' reads or writes while they wait: ALTER, DROP, TRUNCATE, REINDEX, CREATE INDEX, LOCK. */
const QUEUEING_MODES = new Set(["AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock"]);

export interface Queue {
  /** The waiting statement in front. */
  readonly ddl: LockWaiter;
  /** Those that would run on if it went away. */
  readonly behind: number;
}

/** The queue behind a waiting statement, when it holds up more sessions than the root does by itself. */
export function queueOf(tree: LockTree): Queue | null {
  const front = longestQueueOf(tree);
  if (front === null) return null;
  const others = tree.blocked - 1 - front.behind;
  return front.behind > others ? front : null;
}

/** The longest queue behind a statement that waits for the root itself, however many others wait for the root. */
export function longestQueueOf(tree: LockTree): Queue | null {
  const front = tree.waiters
    .filter(({ wants, depth }) => depth === 1 && wants.lockType === "relation" && QUEUEING_MODES.has(wants.mode))
    .map((ddl) => ({ ddl, behind: behindOf(ddl, tree) }))
    .toSorted((a, b) => b.behind.size - a.behind.size || a.ddl.session.pid - b.ddl.session.pid)[0];
  if (front === undefined || front.behind.size === 0) return null;
  const { ddl, behind } = front;
  // A tree lists some waiters of every depth. Those that it leaves out are taken to be as those of their depth that it lists.
  const deeper = tree.waiters.filter(({ depth }) => depth > 1).length;
  const unlistedDeeper = Math.max(0, tree.blocked - tree.direct - deeper);
  return { ddl, behind: behind.size + Math.round((unlistedDeeper * behind.size) / deeper) };
}

/** Listed waiters that wait for `ddl`, directly or through others of them, and not for the root. */
function behindOf(ddl: LockWaiter, tree: LockTree): ReadonlySet<number> {
  const behind = new Set<number>([ddl.session.pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const { session, blockedBy, depth } of tree.waiters) {
      if (behind.has(session.pid) || depth === 1 || !blockedBy.some((pid) => behind.has(pid))) continue;
      behind.add(session.pid);
      grew = true;
    }
  }
  behind.delete(ddl.session.pid);
  return behind;
}

/**
 * The root that one would take for an idle one's, or for one at work, and that is reported as something else: why. Who
 * says "no such session blocks anyone" beside it would be wrong.
 */
export function reportedElsewhere({ trees }: PgLocks, wanted: "idle" | "active"): string | null {
  for (const tree of trees) {
    if (tree.root.kind !== "session") continue;
    const { session } = tree.root;
    if (wanted !== (session.state?.startsWith("idle in transaction") === true ? "idle" : "active")) continue;
    const reason = reasonOf(tree);
    if (reason !== null) return `session ${session.pid} ${reason}`;
  }
  return null;
}

function reasonOf(tree: LockTree): string | null {
  switch (kindOf(tree)) {
    case "ddl-queue":
      return `would hold up one session only: the others queue behind session ${queueOf(tree)?.ddl.session.pid}`;
    case "advisory":
      return "is waited for because of an advisory lock";
    case "vacuum":
      return "is a vacuum";
    case "commit-waits":
      return "is done, and waits for a standby to confirm its COMMIT";
    default:
      return null;
  }
}

export function severityOf({ blocked, longestWaitSeconds }: Pick<LockTree, "blocked" | "longestWaitSeconds">): Severity {
  return blocked >= MANY_BLOCKED || longestWaitSeconds >= LONG_WAIT_SECONDS ? "critical" : "warning";
}

export function sessionObject(session: Session): DiagnosedObject {
  return {
    kind: "session",
    pid: session.pid,
    backendStart: session.backendStart,
    application: session.application,
    ...(session.role !== null && { role: session.role }),
    ...(session.database !== null && { database: session.database }),
    ...(session.client !== null && { client: session.client }),
  };
}

/** The session's origin: what a leak of many sessions is about. */
export function clientObjects({ application, role }: Session): readonly DiagnosedObject[] {
  return role === null ? [] : [{ kind: "client", application, role }];
}

/** `session 4711 of "checkout" (role app)`. */
export function sessionText(session: Session): string {
  const who = [session.application === "" ? "" : ` of "${session.application}"`, session.role === null ? "" : ` (role ${session.role})`];
  return `session ${session.pid}${who.join("")}`;
}

/** Relations that somebody below waits for, most wanted first: "public.orders". */
export function relationsOf({ waiters }: LockTree): readonly string[] {
  const wanted = new Map<string, number>();
  for (const { wants } of waiters) {
    if (wants.relation === null) continue;
    const name = `${wants.relation.schema}.${wants.relation.name}`;
    wanted.set(name, (wanted.get(name) ?? 0) + 1);
  }
  return [...wanted].toSorted(([a, often], [b, rarely]) => rarely - often || (a < b ? -1 : 1)).map(([name]) => name);
}

/** "3 sessions", "1 session". */
export function sessionsText(count: number): string {
  return plural(count, "session");
}

/** What every finding about a tree with a session at its root tells. */
export function treeFacts(tree: LockTree, root: Session): Facts {
  return {
    blocked: tree.blocked,
    depth: tree.depth,
    longestWaitSeconds: rounded(tree.longestWaitSeconds),
    relations: relationsOf(tree).slice(0, 5),
    wanted: tree.waiters[0]?.wants.mode ?? null,
    blockedPids: tree.waiters.slice(0, 10).map(({ session }) => session.pid),
    rootPid: root.pid,
    rootState: root.state,
    rootWaitEvent: root.waitEvent,
    rootBackendType: root.backendType,
    rootXactSeconds: root.xactAgeSeconds === null ? null : rounded(root.xactAgeSeconds),
    rootStateSeconds: root.stateAgeSeconds === null ? null : rounded(root.stateAgeSeconds),
    rootHasWritten: root.hasWritten,
    rootQuery: root.query,
    blocksAlone: blocksAlone(tree),
  };
}

/** Who waits for the root itself, as listed. */
export function directPidsOf({ waiters }: LockTree): readonly number[] {
  return waiters
    .filter(({ depth }) => depth === 1)
    .map(({ session }) => session.pid)
    .toSorted((a, b) => a - b);
}

/** Whether nobody who waits for the root waits for another holder besides. */
function blocksAlone({ waiters }: LockTree): boolean {
  return waiters.every(
    ({ depth, blockedBy, queuedBehind }) => depth > 1 || blockedBy.filter((pid) => !queuedBehind.includes(pid)).length <= 1,
  );
}

export function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

/** Whether our role may not see what the root does. */
export function isHiddenRoot(tree: LockTree): boolean {
  return kindOf(tree) === "unknown" && !(tree.root.kind === "unknown" && tree.root.pid === 0);
}

export const HIDDEN_ROOT: Undecided = {
  because: "no-permission",
  hint: "grant pg_monitor to the role: the state of the session that blocks is hidden",
};
