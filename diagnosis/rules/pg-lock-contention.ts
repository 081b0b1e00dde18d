import type { PgLocks, PgWaits } from "../evidence/pg-activity.ts";
import { kindOf, rounded } from "../lock-trees.ts";
import { defineRule } from "../rule.ts";

/** One or two sessions that wait for a row are any busy application. */
const WAITING_SESSIONS = 3;
/** Whoever stands in a queue long enough to be seen by a person has other trouble than traffic. */
const DISTINCT_WAITS = 10;
/** Waits must have ended and others begun within the window: a queue that only stands has a root, and that is the cause. */
const TURNOVER = 1.2;
/**
 * A request that waits this long for one row is felt. TPC-B on a small scale waits often, and milliseconds; samples are
 * 100 ms apart, so that a wait that was seen counts for as much.
 */
const FELT_SECONDS = 0.2;
/** Below this share of the sessions at work, locks are not what limits the throughput. */
const LIMITING_SHARE = 0.5;

/** Waits for another transaction to end: what an UPDATE of a row does whose last version is uncommitted. */
const ROW_WAITS = new Set(["transactionid", "tuple"]);

export const lockContention = defineRule({
  id: "pg-lock-contention",
  title: "Sessions queue for the same rows",
  why: "Writers of one row go one after the other: more sessions only make the queue longer.",
  gravest: "warning",
  needs: ["pg.waits", "pg.locks"],

  judge({ "pg.waits": waits, "pg.locks": locks }) {
    const { averageSessions, distinctWaits, relation } = rowWaits(waits);
    if (averageSessions < WAITING_SESSIONS || distinctWaits < DISTINCT_WAITS || distinctWaits < averageSessions * TURNOVER) return [];
    if (hasStandingRoot(locks)) return [];
    const meanWaitSeconds = (averageSessions * waits.seconds) / distinctWaits;
    const isFelt = meanWaitSeconds >= FELT_SECONDS;
    if (!isFelt && averageSessions < waits.averageActive * LIMITING_SHARE) return [];
    return [
      {
        severity: isFelt ? "warning" : "advice",
        ...(relation !== null && { object: { kind: "relation" as const, schema: relation.schema, name: relation.name } }),
        summary: `${averageSessions.toFixed(1)} of ${waits.averageActive.toFixed(1)} active sessions on average wait for a row${relation === null ? "" : ` of ${relation.schema}.${relation.name}`} that another has changed, ${distinctWaits} waits of ${isFelt ? "about" : "less than"} ${Math.round(isFelt ? meanWaitSeconds * 1000 : FELT_SECONDS * 1000)} ms within ${waits.seconds.toFixed(0)} s, with no single session at their root`,
        facts: {
          averageWaiting: rounded(averageSessions),
          averageActive: rounded(waits.averageActive),
          distinctWaits,
          meanWaitMs: Math.round(meanWaitSeconds * 1000),
          windowSeconds: rounded(waits.seconds),
          statements: contended(waits),
        },
      },
    ];
  },

  clear: ({ "pg.waits": waits, "pg.locks": locks }) =>
    hasStandingRoot(locks)
      ? "those who wait have one session at their root, which does not change"
      : `${rowWaits(waits).averageSessions.toFixed(1)} sessions on average wait for a row`,
});

function rowWaits(waits: PgWaits) {
  const rows = waits.lockWaits.filter(({ event }) => ROW_WAITS.has(event));
  const known = rows.filter(({ relation }) => relation !== null).toSorted((a, b) => b.averageSessions - a.averageSessions);
  return {
    averageSessions: rows.reduce((sum, { averageSessions }) => sum + averageSessions, 0),
    distinctWaits: rows.reduce((sum, { distinctWaits }) => sum + distinctWaits, 0),
    relation: known[0]?.relation ?? null,
  };
}

function hasStandingRoot(locks: PgLocks): boolean {
  return locks.trees.some((tree) => kindOf(tree) !== "passing");
}

/** The statements that wait, most first. */
function contended(waits: PgWaits): readonly string[] {
  return waits.statements
    .filter(({ type, event }) => type === "Lock" && event !== null && ROW_WAITS.has(event))
    .slice(0, 3)
    .map(({ query }) => query);
}
