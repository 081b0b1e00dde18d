import { sessionObject, sessionsText, severityOf, treesOfKind } from "../lock-trees.ts";
import { duration } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

export const lockRootUnknown = defineRule({
  id: "pg-lock-root-unknown",
  title: "Sessions wait for a lock whose holder cannot be seen",
  why: "Who blocks is known by its pid; what it does, and so what to do about it, is not.",
  gravest: "critical",
  needs: ["pg.locks"],

  judge({ "pg.locks": locks }) {
    return treesOfKind(locks, "unknown").map((tree) => {
      const { root } = tree;
      const pid = root.kind === "session" ? root.session.pid : root.kind === "unknown" ? root.pid : 0;
      return {
        severity: severityOf(tree),
        ...(root.kind === "session" && { object: sessionObject(root.session) }),
        summary: `${sessionsText(tree.blocked)} wait for pid ${pid}, the longest for ${duration(tree.longestWaitSeconds)}; ${pid === 0 ? "that is a prepared transaction, which could not be found" : "what it does is hidden from our role"}`,
        facts: {
          rootPid: pid,
          blocked: tree.blocked,
          depth: tree.depth,
          longestWaitSeconds: tree.longestWaitSeconds,
          blockedPids: tree.waiters.slice(0, 10).map(({ session }) => session.pid),
        },
      };
    });
  },

  clear: () => "every session that blocks others can be seen",
});
