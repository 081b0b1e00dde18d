import {
  clientObjects,
  directPidsOf,
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

export const lockRootIdle = defineRule({
  id: "pg-lock-root-idle",
  title: "A session that is idle inside its transaction blocks others",
  why: "It does nothing, and whatever it has locked stays locked until somebody ends it.",
  gravest: "critical",
  needs: ["pg.locks"],

  judge({ "pg.locks": locks }) {
    // Who waits for several holders stands in the tree of each: one incident, one finding.
    const incidents = Map.groupBy(sessionTreesOfKind(locks, "idle"), ({ tree }) => directPidsOf(tree).join());
    const found = [...incidents.values()].flatMap(([first, ...others]) => {
      if (first === undefined) return [];
      const { tree, session } = first;
      const otherRootPids = others.map((other) => other.session.pid);
      const [relation] = relationsOf(tree);
      const besides =
        otherRootPids.length === 0
          ? ""
          : `, as ${otherRootPids.length === 1 ? "does" : "do"} ${sessionsText(otherRootPids.length)} besides (pid ${otherRootPids.join(", ")})`;
      return {
        severity: severityOf(tree),
        object: sessionObject(session),
        about: clientObjects(session),
        summary: `${sessionText(session)} has been idle inside its transaction for ${duration(session.stateAgeSeconds ?? 0)} and blocks ${sessionsText(tree.blocked)}${relation === undefined ? "" : ` on ${relation}`}, the longest for ${duration(tree.longestWaitSeconds)}${besides}`,
        facts: { ...treeFacts(tree, session), otherRootPids },
      };
    });
    return found.length === 0 && locks.trees.some(isHiddenRoot) ? HIDDEN_ROOT : found;
  },

  clear: ({ "pg.locks": locks }) =>
    locks.waiting === 0
      ? "nobody waits for a lock"
      : (reportedElsewhere(locks, "idle") ?? "no session that is idle inside its transaction has blocked anyone for long"),
});
