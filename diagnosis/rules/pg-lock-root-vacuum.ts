import { isAutovacuum, relationsOf, sessionObject, sessionsText, sessionTreesOfKind, severityOf, treeFacts } from "../lock-trees.ts";
import { duration } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

export const lockRootVacuum = defineRule({
  id: "pg-lock-root-vacuum",
  title: "A vacuum blocks a statement that changes the table's definition",
  why: "An autovacuum that prevents wraparound does not give way to a lock request, and everyone else queues behind the request.",
  gravest: "critical",
  needs: ["pg.locks"],
  wants: ["pg.vacuum"],

  judge({ "pg.locks": locks, "pg.vacuum": vacuum }) {
    return sessionTreesOfKind(locks, "vacuum").map(({ tree, session }) => {
      const running = vacuum?.running.find(({ pid, backendStart }) => pid === session.pid && backendStart === session.backendStart);
      const [relation = "a table"] = relationsOf(tree);
      const automatic = isAutovacuum(session);
      const [front] = tree.waiters;
      return {
        severity: severityOf(tree),
        object: sessionObject(session),
        summary: `${automatic ? "autovacuum worker" : "VACUUM in session"} ${session.pid} on ${relation} has run for ${duration(session.xactAgeSeconds ?? session.queryAgeSeconds ?? 0)} and blocks ${sessionsText(tree.blocked)}, the longest for ${duration(tree.longestWaitSeconds)}`,
        facts: {
          ...treeFacts(tree, session),
          automatic,
          relation,
          toPreventWraparound: running?.toPreventWraparound ?? /to prevent wraparound/.test(session.query ?? ""),
          phase: running?.phase ?? null,
          scannedRatio: running?.scannedRatio ?? null,
          ddlPid: front?.session.pid ?? null,
          ddlBackendStart: front?.session.backendStart ?? null,
          ddlBackendType: front?.session.backendType ?? null,
          ddlQuery: front?.session.query ?? null,
        },
      };
    });
  },

  clear: () => "no vacuum has blocked anyone for long",
});
