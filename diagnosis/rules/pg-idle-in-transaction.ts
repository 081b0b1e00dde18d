import { defineRule } from "../rule.ts";

/** Application code that waits this long between two statements of one transaction is not on its way to COMMIT. */
const PARKED_SECONDS = 5;
/** A pool leaks when many of its sessions are parked at once; one or two may be a person at a prompt. */
const LEAK_SESSIONS = 5;

export const idleInTransaction = defineRule({
  id: "pg-idle-in-transaction",
  title: "Many sessions of one client are idle inside a transaction",
  why: "Each holds a connection slot, its locks and the vacuum horizon until somebody ends it.",
  gravest: "critical",
  needs: ["pg.sessions"],

  judge({ "pg.sessions": sessions }) {
    if (!sessions.statesVisible) return { because: "no-permission", hint: "grant pg_monitor to the role" };
    return sessions.groups.flatMap((group) => {
      const parkedSeconds = group.longestIdleInTransactionSeconds ?? 0;
      if (group.idleInTransaction < LEAK_SESSIONS || parkedSeconds < PARKED_SECONDS) return [];
      return [
        {
          severity: "warning" as const,
          object: { kind: "client" as const, application: group.application, role: group.role },
          summary: `${group.idleInTransaction} of ${group.total} sessions of "${group.application}" are idle inside a transaction, the longest for ${Math.round(parkedSeconds)} s`,
          facts: { idleInTransaction: group.idleInTransaction, total: group.total, longestSeconds: parkedSeconds },
        },
      ];
    });
  },

  clear: ({ "pg.sessions": sessions }) => `${sessions.idleInTransaction} sessions are idle inside a transaction`,
});
