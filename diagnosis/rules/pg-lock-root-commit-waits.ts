import { sessionObject, sessionsText, sessionText, sessionTreesOfKind, severityOf, treeFacts } from "../lock-trees.ts";
import { duration } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

export const lockRootCommitWaits = defineRule({
  id: "pg-lock-root-commit-waits",
  title: "A COMMIT that waits for a standby keeps its locks",
  why: "Until the synchronous standby answers, the transaction is not over: whoever needs its rows waits, too.",
  gravest: "critical",
  needs: ["pg.locks"],

  judge({ "pg.locks": locks }) {
    return sessionTreesOfKind(locks, "commit-waits").map(({ tree, session }) => ({
      severity: severityOf(tree),
      object: sessionObject(session),
      summary: `${sessionText(session)} waits for a synchronous standby to confirm its COMMIT and blocks ${sessionsText(tree.blocked)}, the longest for ${duration(tree.longestWaitSeconds)}`,
      facts: treeFacts(tree, session),
    }));
  },

  clear: () => "no COMMIT that waits for a standby has blocked anyone for long",
});
