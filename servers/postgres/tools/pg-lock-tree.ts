import { z } from "zod";
import { LockRoot, LockTarget, type LockTree, type LockWaiter, type Session } from "../../../diagnosis/evidence/pg-activity.ts";
import { duration, plural } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { seen, skippedIn } from "../seen.ts";
import { quotedQuery, whatItDoes, whoIs } from "../session-line.ts";

const Waiter = z.object({
  pid: z.number(),
  backendStart: z.string(),
  application: z.string(),
  role: z.string().nullable(),
  wants: LockTarget,
  waitSeconds: z.number(),
  blockedBy: z.array(z.number()),
  queuedBehind: z.array(z.number()),
  depth: z.number(),
  query: z.string().nullable(),
});

const Tree = z.object({
  root: LockRoot,
  holds: z.array(LockTarget),
  blocked: z.number(),
  depth: z.number(),
  longestWaitSeconds: z.number(),
  waiters: z.array(Waiter).describe("Longest waits of every depth"),
});

/** A waiter's own statement matters less than who it waits for. */
const QUERY_CHARACTERS = 120;
const LINE_CHARACTERS = 60;

export const lockTree = defineTool({
  name: "pg_lock_tree",
  title: "Show who blocks whom",
  effect: "read",
  description:
    "Who waits for whose lock, as one tree for each root that waits for nobody: session or prepared transaction, what it holds, everyone below. " +
    "Use when statements hang. The root is what to act upon, never a waiter in between.",
  input: {
    maxTrees: z.number().int().min(1).max(20).default(5).describe("Most blocked first"),
    maxWaiters: z.number().int().min(1).max(20).default(8).describe("For each tree"),
  },
  output: {
    waiting: z.number(),
    trees: z.array(Tree),
    cycles: z.array(z.array(z.number())).describe("Pids in a deadlock, which PostgreSQL ends after deadlock_timeout"),
    locksHeld: z.number(),
    lockTableCapacity: z.number(),
    truncated: z.boolean(),
    skipped: z.array(z.string()),
  },

  async run({ maxTrees, maxWaiters }, { collect }: Pick<PostgresContext, "collect">) {
    const snapshot = await collect({ only: ["pg.locks"], seconds: 0 });
    const { trees, ...rest } = seen(snapshot, "pg.locks");
    return {
      ...rest,
      trees: trees.slice(0, maxTrees).map((tree) => ({ ...tree, waiters: tree.waiters.slice(0, maxWaiters).map(slim) })),
      truncated: trees.length > maxTrees || trees.slice(0, maxTrees).some(({ blocked }) => blocked > maxWaiters),
      skipped: skippedIn(snapshot, "pg.locks"),
    };
  },

  render({ waiting, trees, cycles, locksHeld, lockTableCapacity, truncated, skipped }) {
    const head =
      waiting === 0
        ? "Nobody waits for a lock."
        : `${plural(waiting, "session")} ${waiting === 1 ? "waits" : "wait"} for a lock, below ${plural(trees.length, "root")}${truncated ? " (more with maxTrees, maxWaiters)" : ""}:`;
    const deadlocks = cycles.map(
      (cycle) => `Deadlock in the making between ${cycle.join(", ")}: PostgreSQL will end it after deadlock_timeout.`,
    );
    const table = `Lock table: ${locksHeld} of at least ${lockTableCapacity} entries.`;
    const notSeen = skipped.map((what) => `Not seen: ${what}`);
    return [head, ...trees.map(drawTree), ...deadlocks, ...notSeen, table].join("\n");
  },
});

function slim({ session, ...waiter }: LockWaiter): z.output<typeof Waiter> {
  const { pid, backendStart, application, role, query } = session;
  return {
    pid,
    backendStart,
    application,
    role,
    query: query === null ? null : query.slice(0, QUERY_CHARACTERS).toWellFormed(),
    ...waiter,
  };
}

type Drawn = z.output<typeof Tree>;

function drawTree({ root, holds, blocked, longestWaitSeconds, waiters }: Drawn): string {
  const left = blocked - waiters.length;
  const lines = [
    `■ ${rootText(root)}`,
    `  holds ${holds.length === 0 ? "what they want (not seen)" : holds.slice(0, 3).map(lockText).join(", ")}; blocks ${blocked}, longest wait ${duration(longestWaitSeconds)}`,
    ...drawBelow(waiters),
    ...(left > 0 ? [`  … ${left} more`] : []),
  ];
  return lines.join("\n");
}

/** Each stands under a blocker of the level above, where that is shown. */
function drawBelow(waiters: Drawn["waiters"]): string[] {
  const shown = new Map(waiters.map((one) => [one.pid, one]));
  const parentOf = (one: Drawn["waiters"][number]) => one.blockedBy.find((pid) => shown.get(pid)?.depth === one.depth - 1) ?? null;
  const children = Map.groupBy(waiters, (one) => parentOf(one));
  const draw = (parent: number | null, indent: string): string[] =>
    (children.get(parent) ?? []).flatMap((one) => [`${indent}└ ${waiterText(one)}`, ...draw(one.pid, `${indent}  `)]);
  return draw(null, "  ");
}

function rootText(root: LockTree["root"]): string {
  switch (root.kind) {
    case "session":
      return `${whoIs(root.session)}: ${whatItDoes(root.session)}, ${ran(root.session)} ${quotedQuery(root.session.query)}`;
    case "prepared-transaction":
      return `prepared transaction "${root.gid}" (${root.owner}@${root.database}), prepared ${duration(root.ageSeconds)} ago; ends with: rollback prepared or commit prepared`;
    case "unknown":
      return root.pid === 0
        ? "a prepared transaction that is gone by now"
        : `${root.pid}: gone by now, or hidden from this role (grant pg_monitor)`;
    default:
      return root satisfies never;
  }
}

function ran({ state }: Session): string {
  return state === "active" ? "runs" : "last ran";
}

function waiterText({ pid, application, waitSeconds, wants, queuedBehind, blockedBy, query }: Drawn["waiters"][number]): string {
  const queue = blockedBy.length > 0 && queuedBehind.length === blockedBy.length ? " (only queued behind it)" : "";
  const name = application === "" ? "" : ` "${application}"`;
  return `${pid}${name} waits ${duration(waitSeconds)} for ${lockText(wants)}${queue}: ${quotedQuery(query, LINE_CHARACTERS)}`;
}

function lockText({ lockType, mode, relation, advisoryKey }: LockTarget): string {
  const name = relation === null ? "" : ` ${relation.schema}.${relation.name}`;
  const short = mode.replace(/Lock$/, "");
  if (lockType === "relation") return `${short} on${name === "" ? " a relation of another database" : name}`;
  if (lockType === "transactionid" || lockType === "tuple") return `a row${name === "" ? "" : ` of${name}`}`;
  if (advisoryKey !== null) return `advisory lock ${advisoryKey}`;
  return `${short} on ${lockType}${name}`;
}
