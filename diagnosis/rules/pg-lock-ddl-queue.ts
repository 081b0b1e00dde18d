import type { LockTree, PgLocks, Session } from "../evidence/pg-activity.ts";
import {
  clientObjects,
  HIDDEN_ROOT,
  isHiddenRoot,
  longestQueueOf,
  type Queue,
  queueOf,
  rounded,
  sessionObject,
  sessionsText,
  sessionText,
  sessionTreesOfKind,
  severityOf,
  treeFacts,
} from "../lock-trees.ts";
import { duration } from "../report/quantity.ts";
import { defineRule, type Found } from "../rule.ts";

export const lockDdlQueue = defineRule({
  id: "pg-lock-ddl-queue",
  title: "Sessions queue behind a statement that waits for an exclusive lock",
  why: "A lock request that waits stops every later request that conflicts with it, plain reads behind an ALTER TABLE included.",
  gravest: "critical",
  needs: ["pg.locks"],

  judge({ "pg.locks": locks }) {
    const queues = sessionTreesOfKind(locks, "ddl-queue").flatMap(({ tree, session }) => {
      const queue = queueOf(tree);
      return queue === null ? [] : [{ tree, session, queue }];
    });
    // A statement that waits for several readers stands in the tree of each: one queue, one finding.
    const byStatement = Map.groupBy(queues, ({ queue }) => queue.ddl.session.pid);
    const found = [...byStatement.values()].map((roots) => describe(roots.toSorted(oldestFirst)));
    return found.length === 0 && locks.trees.some(isHiddenRoot) ? HIDDEN_ROOT : found;
  },

  clear: ({ "pg.locks": locks }) =>
    locks.waiting === 0
      ? "nobody waits for a lock"
      : (lesserQueue(locks) ?? "nobody queues behind an exclusive lock request that waits for a reader or a writer"),
});

/** A queue beside which more wait for the root itself: without the statement in front they would wait all the same. */
function lesserQueue({ trees }: PgLocks): string | null {
  for (const tree of trees) {
    const queue = longestQueueOf(tree);
    if (queue === null) continue;
    const { ddl, behind } = queue;
    return `${sessionsText(behind)} queue behind ${sessionText(ddl.session)}, and ${sessionsText(tree.blocked - behind)} wait for the same root without that`;
  }
  return null;
}

interface QueuedRoot {
  readonly tree: LockTree;
  readonly session: Session;
  readonly queue: Queue;
}

function oldestFirst(a: QueuedRoot, b: QueuedRoot): number {
  return (b.session.xactAgeSeconds ?? 0) - (a.session.xactAgeSeconds ?? 0) || a.session.pid - b.session.pid;
}

function describe(roots: readonly QueuedRoot[]): Found {
  const [first, ...others] = roots;
  if (first === undefined) throw new RangeError("a queue has a root");
  const { tree, session, queue } = first;
  const { ddl, behind } = queue;
  const relation = ddl.wants.relation === null ? "a relation" : `${ddl.wants.relation.schema}.${ddl.wants.relation.name}`;
  const isIdle = session.state?.startsWith("idle in transaction") === true;
  return {
    severity: severityOf(tree),
    object: sessionObject(session),
    about: [sessionObject(ddl.session), ...clientObjects(session)],
    summary: `${behind === 1 ? "1 session queues" : `${behind} sessions queue`} on ${relation} behind ${sessionText(ddl.session)}, which has waited ${duration(ddl.waitSeconds)} for ${ddl.wants.mode} there; it waits for ${sessionText(session)}, ${isIdle ? `idle inside its transaction for ${duration(session.stateAgeSeconds ?? 0)}` : `whose transaction is ${duration(session.xactAgeSeconds ?? 0)} old`}${others.length === 0 ? "" : `, and for ${others.length} more`}`,
    facts: {
      ...treeFacts(tree, session),
      queued: behind,
      relation,
      ddlPid: ddl.session.pid,
      ddlBackendStart: ddl.session.backendStart,
      ddlBackendType: ddl.session.backendType,
      ddlApplication: ddl.session.application,
      ddlMode: ddl.wants.mode,
      ddlQuery: ddl.session.query,
      ddlWaitSeconds: rounded(ddl.waitSeconds),
      otherRootPids: others.map((other) => other.session.pid),
    },
  };
}
