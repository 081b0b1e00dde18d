import {
  clientObjects,
  HIDDEN_ROOT,
  isHiddenRoot,
  relationsOf,
  sessionObject,
  sessionsText,
  sessionText,
  sessionTreesOfKind,
  severityOf,
  treeFacts,
} from "../lock-trees.ts";
import { duration } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

export const lockRootIdle = defineRule({
  id: "pg-lock-root-idle",
  title: "A session that is idle inside its transaction blocks others",
  why: "It does nothing, and whatever it has locked stays locked until somebody ends it.",
  gravest: "critical",
  needs: ["pg.locks"],

  judge({ "pg.locks": locks }) {
    const found = sessionTreesOfKind(locks, "idle").map(({ tree, session }) => {
      const [relation] = relationsOf(tree);
      return {
        severity: severityOf(tree),
        object: sessionObject(session),
        about: clientObjects(session),
        summary: `${sessionText(session)} has been idle inside its transaction for ${duration(session.stateAgeSeconds ?? 0)} and blocks ${sessionsText(tree.blocked)}${relation === undefined ? "" : ` on ${relation}`}, the longest for ${duration(tree.longestWaitSeconds)}`,
        facts: treeFacts(tree, session),
      };
    });
    return found.length === 0 && locks.trees.some(isHiddenRoot) ? HIDDEN_ROOT : found;
  },

  clear: ({ "pg.locks": locks }) =>
    locks.waiting === 0 ? "nobody waits for a lock" : `no session that is idle inside its transaction has blocked anyone for long`,
});
