import type { Session } from "../evidence/pg-activity.ts";
import {
  clientObjects,
  HIDDEN_ROOT,
  isHiddenRoot,
  relationsOf,
  reportedElsewhere,
  sessionObject,
  sessionsText,
  sessionText,
  sessionTreesOfKind,
  severityOf,
  treeFacts,
} from "../lock-trees.ts";
import { duration } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

export const lockRootActive = defineRule({
  id: "pg-lock-root-active",
  title: "A session at work blocks others",
  why: "Its locks are kept until its transaction ends, however long the statement or the batch takes.",
  gravest: "critical",
  needs: ["pg.locks"],

  judge({ "pg.locks": locks }) {
    const found = sessionTreesOfKind(locks, "active").map(({ tree, session }) => {
      const [relation] = relationsOf(tree);
      return {
        severity: severityOf(tree),
        object: sessionObject(session),
        about: clientObjects(session),
        summary: `${sessionText(session)} ${doing(session)} and blocks ${sessionsText(tree.blocked)}${relation === undefined ? "" : ` on ${relation}`}, the longest for ${duration(tree.longestWaitSeconds)}`,
        facts: treeFacts(tree, session),
      };
    });
    return found.length === 0 && locks.trees.some(isHiddenRoot) ? HIDDEN_ROOT : found;
  },

  clear: ({ "pg.locks": locks }) =>
    locks.waiting === 0
      ? "nobody waits for a lock"
      : (reportedElsewhere(locks, "active") ?? "no session at work has blocked anyone for long"),
});

function doing({ queryAgeSeconds, xactAgeSeconds, waitEventType, waitEvent }: Session): string {
  const query = queryAgeSeconds ?? 0;
  const transaction = xactAgeSeconds ?? query;
  // Many short statements in one long transaction: a batch.
  const longest =
    transaction > query * 2 ? `is ${duration(transaction)} into its transaction` : `has run its statement for ${duration(query)}`;
  return waitEventType === "Client" ? `${longest}, waits for its client (${waitEvent})` : longest;
}
