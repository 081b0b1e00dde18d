import { defineRule } from "../rule.ts";

/** Lookups that miss the cache wait one after the other; one such session at a time is a cold cache. */
const WAITING_SESSIONS = 2;

/** wait_event of type LWLock: the names since 13. */
const SUBTRANSACTION_LOCKS = new Set(["SubtransSLRU", "SubtransBuffer"]);

export const subtransactionWaits = defineRule({
  id: "pg-subtransaction-waits",
  title: "Sessions wait for the list of subtransactions",
  why: "A transaction with more than 64 subtransactions overflows its cache: everyone's snapshots must then look them up in pg_subtrans.",
  gravest: "warning",
  needs: ["pg.waits"],

  judge({ "pg.waits": waits }) {
    const average = averageOf(waits.events);
    if (average < WAITING_SESSIONS) return [];
    return [
      {
        severity: "warning" as const,
        summary: `${average.toFixed(1)} of ${waits.averageActive.toFixed(1)} active sessions on average wait for the subtransaction cache (LWLock SubtransSLRU, SubtransBuffer)`,
        facts: {
          averageWaiting: average,
          averageActive: waits.averageActive,
          statements: waits.statements
            .filter(({ event }) => event !== null && SUBTRANSACTION_LOCKS.has(event))
            .slice(0, 3)
            .map(({ query }) => query),
        },
      },
    ];
  },

  clear: ({ "pg.waits": waits }) => `${averageOf(waits.events).toFixed(1)} sessions on average wait for the subtransaction cache`,
});

function averageOf(
  events: readonly { readonly type: string | null; readonly event: string | null; readonly averageSessions: number }[],
): number {
  return events
    .filter(({ type, event }) => type === "LWLock" && event !== null && SUBTRANSACTION_LOCKS.has(event))
    .reduce((sum, { averageSessions }) => sum + averageSessions, 0);
}
