/**
 * From contested locks to trees of waiters: who waits, directly or through others, for whom, and who waits for nobody.
 * Pure: it is given what pg_locks and pg_blocking_pids said, and touches nothing.
 */
export interface ContestedLock<Target> {
  /** The same number: the same lockable object. */
  readonly tag: number;
  /** Null: a prepared transaction. */
  readonly pid: number | null;
  readonly preparedXid: string | null;
  readonly mode: string;
  readonly granted: boolean;
  readonly waitSeconds: number | null;
  readonly xactAgeSeconds: number | null;
  /** pg_blocking_pids, 0 standing for a prepared transaction; null when granted. */
  readonly blockedBy: readonly number[] | null;
  /** What the lock is about, for whoever draws the tree. */
  readonly target: Target;
}

/** A process, or a prepared transaction by its transaction id; null when it cannot be told which one. */
export type LockNode = number | PreparedNode;
export interface PreparedNode {
  readonly preparedXid: string | null;
}

export interface WaitingNode<Target> {
  readonly pid: number;
  readonly wants: Target;
  readonly waitSeconds: number;
  readonly blockedBy: readonly number[];
  readonly queuedBehind: readonly number[];
  readonly depth: number;
}

export interface RootedTree<Target> {
  readonly root: LockNode;
  readonly holds: readonly Target[];
  readonly blocked: number;
  /** Of these, those that wait for the root itself. */
  readonly direct: number;
  readonly depth: number;
  readonly longestWaitSeconds: number;
  readonly waiters: readonly WaitingNode<Target>[];
}

export interface LockForest<Target> {
  /** Those that wait for somebody who is not ours. */
  readonly waiting: number;
  /** Most blocked first. */
  readonly trees: readonly RootedTree<Target>[];
  readonly cycles: readonly (readonly number[])[];
}

const TREE_CAP = 20;
const WAITER_CAP = 20;
const HOLDS_CAP = 10;
/** In a queue of 500 the last one has 499 before it; the first of them say it all. */
const BLOCKER_CAP = 20;

/** `describe` makes what a root holds comparable: equal text, equal thing. */
export function growLockTrees<Target>(
  locks: readonly ContestedLock<Target>[],
  ownPids: readonly number[],
  held: (lock: ContestedLock<Target>, wanted: Target) => Target,
): LockForest<Target> {
  const waiters = waitersIn(locks, new Set(ownPids));
  const victims = victimsOf(waiters);
  const roots = [...victims.keys()].filter((key) => !waiters.has(key));
  const ages = transactionAges(locks);
  const trees = roots
    .map((root) => grow(root, victims, waiters, locks, held))
    .toSorted(
      (a, b) =>
        b.tree.blocked - a.tree.blocked ||
        b.tree.longestWaitSeconds - a.tree.longestWaitSeconds ||
        (ages.get(b.key) ?? 0) - (ages.get(a.key) ?? 0) ||
        a.key.localeCompare(b.key),
    )
    .map(({ tree }) => tree);
  return { waiting: waiters.size, trees: trees.slice(0, TREE_CAP), cycles: cyclesAmong(waiters) };
}

/** Processes and prepared transactions in one map: "4711", "xid 733". */
type Key = string;

const keyOf = (pid: number | null, preparedXid: string | null): Key => (pid === null ? `xid ${preparedXid ?? "?"}` : String(pid));
const nodeOf = (key: Key): LockNode => {
  if (!key.startsWith("xid ")) return Number(key);
  return { preparedXid: key === "xid ?" ? null : key.slice(4) };
};

interface Waiter<Target> {
  readonly lock: ContestedLock<Target>;
  readonly pid: number;
  readonly blockedBy: readonly number[];
  /** Those that hold what it wants. */
  readonly hard: ReadonlySet<Key>;
  /** Those that only wait before it. */
  readonly soft: ReadonlySet<Key>;
}

function waitersIn<Target>(locks: readonly ContestedLock<Target>[], own: ReadonlySet<number>): Map<Key, Waiter<Target>> {
  const byTag = Map.groupBy(locks, ({ tag }) => tag);
  const indexes = new Map([...byTag].map(([tag, all]) => [tag, Map.groupBy(all, ({ pid, preparedXid }) => keyOf(pid, preparedXid))]));
  const waiters = new Map<Key, Waiter<Target>>();
  for (const lock of locks) {
    const { pid, blockedBy, tag, mode } = lock;
    if (pid === null || blockedBy === null || own.has(pid)) continue;
    const onTag = indexes.get(tag) ?? new Map<Key, ContestedLock<Target>[]>();
    const blockers = [...new Set(blockedBy)].filter((blocker) => blocker !== pid && !own.has(blocker));
    const hard = new Set<Key>();
    const soft = new Set<Key>();
    for (const blocker of blockers) {
      if (blocker === 0) {
        for (const key of preparedHolders(onTag, mode)) hard.add(key);
        continue;
      }
      const key = String(blocker);
      const its = onTag.get(key) ?? [];
      if (its.some((one) => one.granted && conflicts(one.mode, mode))) hard.add(key);
      // Between pg_locks and pg_blocking_pids it may have come or gone: what does not wait here is taken to have held.
      else if (its.some((one) => !one.granted)) soft.add(key);
      else hard.add(key);
    }
    if (hard.size + soft.size === 0) continue;
    const prepared = [...hard].some((key) => key.startsWith("xid "));
    const pids = [...(prepared ? [0] : []), ...[...hard, ...soft].filter((key) => !key.startsWith("xid ")).map(Number)];
    waiters.set(String(pid), { lock, pid, blockedBy: pids, hard, soft });
  }
  return waiters;
}

function preparedHolders<Target>(onTag: ReadonlyMap<Key, readonly ContestedLock<Target>[]>, mode: string): readonly Key[] {
  const holders = [...onTag].filter(([, its]) => its.some((one) => one.pid === null && one.granted && conflicts(one.mode, mode)));
  return holders.length === 0 ? [keyOf(null, null)] : holders.map(([key]) => key);
}

function victimsOf<Target>(waiters: ReadonlyMap<Key, Waiter<Target>>): ReadonlyMap<Key, readonly Key[]> {
  const victims = new Map<Key, Key[]>();
  for (const [key, { hard, soft }] of waiters) {
    for (const blocker of [...hard, ...soft]) {
      const known = victims.get(blocker);
      if (known === undefined) victims.set(blocker, [key]);
      else known.push(key);
    }
  }
  return victims;
}

function transactionAges<Target>(locks: readonly ContestedLock<Target>[]): ReadonlyMap<Key, number> {
  const ages = new Map<Key, number>();
  for (const { pid, preparedXid, xactAgeSeconds } of locks) {
    const key = keyOf(pid, preparedXid);
    ages.set(key, Math.max(ages.get(key) ?? 0, xactAgeSeconds ?? 0));
  }
  return ages;
}

/** Breadth first, so that depth is the shortest way and nobody is counted twice, cycle or not. */
function grow<Target>(
  root: Key,
  victims: ReadonlyMap<Key, readonly Key[]>,
  waiters: ReadonlyMap<Key, Waiter<Target>>,
  locks: readonly ContestedLock<Target>[],
  held: (lock: ContestedLock<Target>, wanted: Target) => Target,
): { readonly key: Key; readonly tree: RootedTree<Target> } {
  const depths = new Map<Key, number>();
  let level: readonly Key[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    const next: Key[] = [];
    for (const blocker of level) {
      for (const victim of victims.get(blocker) ?? []) {
        if (depths.has(victim)) continue;
        depths.set(victim, depth);
        next.push(victim);
      }
    }
    level = next;
  }
  const below = [...depths].flatMap(([key, depth]) => {
    const waiter = waiters.get(key);
    return waiter === undefined ? [] : [waitingNode(waiter, depth)];
  });
  const direct = [...depths].flatMap(([key, depth]) => {
    const waiter = depth === 1 ? waiters.get(key) : undefined;
    return waiter?.hard.has(root) ? [waiter] : [];
  });
  const tree = {
    root: nodeOf(root),
    holds: holdsOf(root, direct, locks, held),
    blocked: below.length,
    direct: below.filter(({ depth }) => depth === 1).length,
    depth: Math.max(0, ...depths.values()),
    longestWaitSeconds: Math.max(0, ...below.map(({ waitSeconds }) => waitSeconds)),
    waiters: selectWaiters(below),
  };
  return { key: root, tree };
}

function waitingNode<Target>({ lock, pid, blockedBy, hard, soft }: Waiter<Target>, depth: number): WaitingNode<Target> {
  const shown = blockedBy.slice(0, BLOCKER_CAP);
  return {
    pid,
    wants: lock.target,
    waitSeconds: lock.waitSeconds ?? 0,
    blockedBy: shown,
    queuedBehind: shown.filter((blocker) => soft.has(String(blocker)) && !hard.has(String(blocker))),
    depth,
  };
}

/** Every depth gets its longest waits before any gets its second longest. */
function selectWaiters<Target>(below: readonly WaitingNode<Target>[]): readonly WaitingNode<Target>[] {
  const longestFirst = (a: WaitingNode<Target>, b: WaitingNode<Target>) => b.waitSeconds - a.waitSeconds || a.pid - b.pid;
  const ranked = [...Map.groupBy(below, ({ depth }) => depth).values()].flatMap((level) =>
    level.toSorted(longestFirst).map((node, rank) => ({ node, rank })),
  );
  return ranked
    .toSorted((a, b) => a.rank - b.rank || a.node.depth - b.node.depth)
    .slice(0, WAITER_CAP)
    .map(({ node }) => node)
    .toSorted((a, b) => a.depth - b.depth || longestFirst(a, b));
}

/** What the root has been granted that its direct waiters want, most wanted first. */
function holdsOf<Target>(
  root: Key,
  direct: readonly Waiter<Target>[],
  locks: readonly ContestedLock<Target>[],
  held: (lock: ContestedLock<Target>, wanted: Target) => Target,
): readonly Target[] {
  const its = Map.groupBy(
    locks.filter(({ pid, preparedXid, granted }) => granted && keyOf(pid, preparedXid) === root),
    ({ tag }) => tag,
  );
  const wanted = new Map<string, { readonly target: Target; times: number }>();
  for (const { lock } of direct) {
    for (const one of its.get(lock.tag) ?? []) {
      if (!conflicts(one.mode, lock.mode)) continue;
      const target = held(one, lock.target);
      const text = JSON.stringify(target);
      const known = wanted.get(text);
      if (known === undefined) wanted.set(text, { target, times: 1 });
      else known.times += 1;
    }
  }
  return [...wanted.values()]
    .toSorted((a, b) => b.times - a.times)
    .slice(0, HOLDS_CAP)
    .map(({ target }) => target);
}

/** Strongly connected waiters (Tarjan, with a stack of its own: a queue may be deeper than ours). */
function cyclesAmong<Target>(waiters: ReadonlyMap<Key, Waiter<Target>>): readonly (readonly number[])[] {
  const order = new Map<Key, number>();
  const low = new Map<Key, number>();
  const path: Key[] = [];
  const onPath = new Set<Key>();
  const cycles: number[][] = [];
  const enter = (key: Key) => {
    order.set(key, order.size);
    low.set(key, order.size - 1);
    path.push(key);
    onPath.add(key);
    const { hard, soft } = waiters.get(key) ?? { hard: new Set<Key>(), soft: new Set<Key>() };
    return { key, next: [...hard, ...soft].filter((blocker) => waiters.has(blocker)).values() };
  };
  for (const start of waiters.keys()) {
    if (order.has(start)) continue;
    const stack = [enter(start)];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { key } = top;
      const { value: blocker, done } = top.next.next();
      if (!done) {
        if (!order.has(blocker)) stack.push(enter(blocker));
        else if (onPath.has(blocker)) low.set(key, Math.min(low.get(key) ?? 0, order.get(blocker) ?? 0));
        continue;
      }
      stack.pop();
      const parent = stack.at(-1);
      if (parent !== undefined) low.set(parent.key, Math.min(low.get(parent.key) ?? 0, low.get(key) ?? 0));
      if (low.get(key) !== order.get(key)) continue;
      const members = path.splice(path.indexOf(key));
      for (const member of members) onPath.delete(member);
      if (members.length > 1) cycles.push(members.map(Number).toSorted((a, b) => a - b));
    }
  }
  return cycles.toSorted((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}

/** Conflicting table-level lock modes (manual, table 13.2); every other kind of lock uses the same modes. */
const CONFLICTS: Readonly<Record<string, readonly string[]>> = {
  AccessShareLock: ["AccessExclusiveLock"],
  RowShareLock: ["ExclusiveLock", "AccessExclusiveLock"],
  RowExclusiveLock: ["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"],
  ShareUpdateExclusiveLock: ["ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"],
  ShareLock: ["RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"],
  ShareRowExclusiveLock: [
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
  ],
  ExclusiveLock: [
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
  ],
  AccessExclusiveLock: [
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
  ],
};

export function conflicts(held: string, wanted: string): boolean {
  return CONFLICTS[held]?.includes(wanted) ?? false;
}
