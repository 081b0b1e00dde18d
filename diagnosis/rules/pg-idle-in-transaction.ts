import { clientObjects } from "../lock-trees.ts";
import { duration, plural } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";
import { isParked, originsOf, PARKED_SECONDS } from "../slot-holders.ts";

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
    const listed = sessions.idleInTransactionSessions;
    const isCut = listed.length < sessions.idleInTransaction + sessions.idleInTransactionAborted;
    const origins = originsOf(sessions.groups);
    const byOrigin = Map.groupBy(listed.filter(isParked), ({ application, role }) => JSON.stringify([application, role]));

    return [...byOrigin.values()].flatMap((parked) => {
      const [oldest] = parked;
      if (oldest === undefined) return [];
      const origin = origins.find(({ application, role }) => application === oldest.application && role === oldest.role);
      // Beyond the end of the list every session of this origin counts: those on it are the longest parked of all.
      const count = isCut && listed.every(isParked) ? Math.max(parked.length, origin?.idleInTransaction ?? 0) : parked.length;
      if (count < LEAK_SESSIONS) return [];
      const [object, ...none] = clientObjects(oldest);
      const longestSeconds = Math.max(...parked.map(({ stateAgeSeconds }) => stateAgeSeconds ?? 0));
      return [
        {
          severity: "warning" as const,
          ...(object !== undefined && { object }),
          about: [...none, ...(oldest.role === null ? [] : [{ kind: "role" as const, name: oldest.role }])],
          summary: `${count} of ${origin?.total ?? count} sessions of "${oldest.application}" (role ${oldest.role ?? "unknown"}) have been idle inside a transaction for more than ${PARKED_SECONDS} s, the longest for ${duration(longestSeconds)}`,
          facts: {
            idleInTransaction: count,
            total: origin?.total ?? count,
            longestSeconds: Math.round(longestSeconds),
            databases: origin?.databases ?? [],
            oldestPid: oldest.pid,
            oldestBackendStart: oldest.backendStart,
            pids: parked.slice(0, 10).map(({ pid }) => pid),
            lastQuery: oldest.query,
          },
        },
      ];
    });
  },

  clear: ({ "pg.sessions": sessions }) =>
    `${plural(sessions.idleInTransaction + sessions.idleInTransactionAborted, "session")} idle inside a transaction, no ${LEAK_SESSIONS} of one client for more than ${PARKED_SECONDS} s`,
});
