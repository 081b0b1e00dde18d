import {
  clientObjects,
  HIDDEN_ROOT,
  isHiddenRoot,
  sessionObject,
  sessionsText,
  sessionText,
  sessionTreesOfKind,
  severityOf,
  treeFacts,
} from "../lock-trees.ts";
import { duration } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

export const lockRootAdvisory = defineRule({
  id: "pg-lock-root-advisory",
  title: "An advisory lock is held and others wait for it",
  why: "A session's advisory lock outlives its transactions: only the session itself, or its end, gives it up.",
  gravest: "critical",
  needs: ["pg.locks"],

  judge({ "pg.locks": locks }) {
    const found = sessionTreesOfKind(locks, "advisory").map(({ tree, session }) => {
      const key = tree.waiters.find(({ wants }) => wants.lockType === "advisory")?.wants.advisoryKey ?? null;
      return {
        severity: severityOf(tree),
        object: sessionObject(session),
        about: clientObjects(session),
        summary: `${sessionText(session)} (${session.state ?? "state hidden"}) holds the advisory lock ${key ?? "(key unknown)"} that ${sessionsText(tree.blocked)} ${tree.blocked === 1 ? "waits" : "wait"} for, the longest for ${duration(tree.longestWaitSeconds)}`,
        facts: { ...treeFacts(tree, session), advisoryKey: key },
      };
    });
    return found.length === 0 && locks.trees.some(isHiddenRoot) ? HIDDEN_ROOT : found;
  },

  clear: ({ "pg.locks": locks }) => (locks.waiting === 0 ? "nobody waits for a lock" : "nobody has waited long for an advisory lock"),
});
