import type { PgSessions } from "../evidence/pg-activity.ts";
import type { PgConnect, PgSlots } from "../evidence/pg-connection.ts";
import { type ReachedLimit, reachedLimits } from "../reached-limits.ts";
import { refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule, type Found, type Severity } from "../rule.ts";
import { holdersText, holderText, type Origin, originObject, originsOf, slotHolder, slotsText } from "../slot-holders.ts";

export const connectionLimitReached = defineRule({
  id: "pg-connection-limit-reached",
  title: "A connection limit is reached by sessions at work",
  why: "Whoever comes next is refused with SQLSTATE 53300, although those who hold the slots use them.",
  gravest: "critical",
  needs: ["pg.connect"],
  wants: ["pg.slots", "pg.sessions", "pg.locks", "complaint"],

  judge({ "pg.connect": connect, "pg.slots": slots, "pg.sessions": sessions, "pg.locks": locks, complaint }) {
    const refused = ownRefusal(connect);
    if (slots === undefined || sessions === undefined) {
      if (refused.length > 0 || connect.outcome === "failed") return refused;
      return { because: "failed", hint: "pg.slots and pg.sessions tell who holds the slots" };
    }
    const isComplained = complaint?.sqlStates.includes("53300") === true;
    const severity = isComplained ? "critical" : "warning";
    const limits = reachedLimits(slots, sessions, locks).map((limit) => limitFound(limit, slots, severity));
    const seen = [...refused, ...limits.filter((limit) => !refused.some((one) => isSameLimit(one, limit)))];
    return slotHolder(slots, sessions) === "busy" ? [...seen, serverLimit(slots, sessions, isComplained)] : seen;
  },

  clear: ({ "pg.slots": slots, "pg.sessions": sessions }) =>
    slots === undefined || sessions === undefined
      ? "no role's or database's limit was named in the refusal"
      : `${holderText(slots, sessions)}; no role or database is at a limit of its own`,
});

function isSameLimit(a: Found, b: Found): boolean {
  return JSON.stringify(a.object) === JSON.stringify(b.object);
}

/** Our own login was refused, and the refusal names the limit. */
function ownRefusal(connect: PgConnect): Found[] {
  const refusal = refusalOf(connect);
  if (refusal !== "role-limit" && refusal !== "database-limit") return [];
  const object =
    refusal === "role-limit" ? ({ kind: "role", name: connect.role } as const) : ({ kind: "database", name: connect.database } as const);
  return [
    {
      severity: "critical",
      object,
      summary: `the server refused our login: the connection limit of ${object.kind} ${object.name} is reached (SQLSTATE 53300)`,
      facts: { ...refusalFacts(connect), limitOf: object.kind, limit: null, used: null, holder: null },
    },
  ];
}

function limitFound({ object, limit, used, parked, holder, origins, roots }: ReachedLimit, slots: PgSlots, severity: Severity): Found {
  return {
    severity,
    object,
    ...(holder === "waiters" && { about: roots }),
    ...(holder === "idle" && { about: origins.map(originObject) }),
    summary: `${used} of the ${limit} connections that ${object.kind} ${object.name} may have are in use${slots.used < slots.usable ? `, while the server has room (${slotsText(slots)})` : ""}`,
    facts: {
      limitOf: object.kind,
      limit,
      used,
      serverUsed: slots.used,
      serverUsable: slots.usable,
      parked,
      holder,
      origins: holdersText(origins, ({ total }) => total),
    },
  };
}

function serverLimit(slots: PgSlots, sessions: PgSessions, isComplained: boolean): Found {
  const origins = originsOf(sessions.groups);
  const count = (origin: Origin) => origin.total;
  return {
    severity: slots.used >= slots.usable || isComplained ? "critical" : "warning",
    object: { kind: "setting", name: "max_connections" },
    summary: `${slots.used} of ${slots.usable} slots (max_connections = ${slots.max}, ${slots.reserved} reserved) are in use, and ${sessions.active} of the sessions are at work`,
    facts: {
      limitOf: "server",
      limit: slots.max,
      used: slots.used,
      usable: slots.usable,
      active: sessions.active,
      holder: "busy",
      origins: holdersText(origins, count),
    },
  };
}
