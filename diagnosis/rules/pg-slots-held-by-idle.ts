import type { PgSlots } from "../evidence/pg-connection.ts";
import { type ReachedLimit, reachedLimits } from "../reached-limits.ts";
import { defineRule, type Found } from "../rule.ts";
import { dominantOrigin, holdersText, holderText, originObject, originsOf, originText, slotHolder } from "../slot-holders.ts";

export const slotsHeldByIdle = defineRule({
  id: "pg-slots-held-by-idle",
  title: "Most connection slots are held by idle sessions",
  why: "A session that does nothing takes a slot all the same; a pool that is larger than its work takes them from everyone.",
  gravest: "critical",
  needs: ["pg.slots", "pg.sessions"],
  wants: ["pg.locks"],

  judge({ "pg.slots": slots, "pg.sessions": sessions, "pg.locks": locks }) {
    if (slotHolder(slots, sessions) !== "idle") {
      return reachedLimits(slots, sessions, locks)
        .filter(({ holder }) => holder === "idle")
        .map((limit) => limitFound(limit, slots));
    }
    const origins = originsOf(sessions.groups);
    const owner = dominantOrigin(origins, ({ idle }) => idle);
    return [
      {
        severity: slots.used >= slots.usable ? "critical" : "warning",
        object: owner === null ? { kind: "server" as const } : originObject(owner),
        summary: `${sessions.idle} of ${sessions.total} sessions are idle, ${sessions.idleLong} for more than a minute, and ${sessions.active} are at work${owner === null ? "" : `; ${owner.idle} of the idle ones belong to ${originText(owner)}`}`,
        facts: {
          idle: sessions.idle,
          idleLong: sessions.idleLong,
          active: sessions.active,
          total: sessions.total,
          used: slots.used,
          usable: slots.usable,
          origins: holdersText(origins, ({ idle }) => idle),
        },
      },
    ];
  },

  clear({ "pg.slots": slots, "pg.sessions": sessions, "pg.locks": locks }) {
    const [reached] = reachedLimits(slots, sessions, locks);
    if (reached === undefined || slotHolder(slots, sessions) !== null) return holderText(slots, sessions);
    const { object, limit, idleLong } = reached;
    return `${idleLong} of the ${limit} connections that ${object.kind} ${object.name} may have were idle for more than a minute`;
  },
});

/** The server has room; those whom a role's or a database's limit lets in use it up without using it. */
function limitFound({ object, limit, idleLong, active, total, origins }: ReachedLimit, slots: PgSlots): Found {
  const owner = dominantOrigin(origins, (origin) => origin.idleLong);
  return {
    severity: "warning",
    object: owner === null ? object : originObject(owner),
    about: [object],
    summary: `${idleLong} of the ${limit} connections that ${object.kind} ${object.name} may have are held by sessions that have been idle for more than a minute, and ${active} are at work${owner === null ? "" : `; ${owner.idleLong} of the idle ones belong to ${originText(owner)}`}`,
    facts: {
      idle: origins.reduce((sum, { idle }) => sum + idle, 0),
      idleLong,
      active,
      total,
      used: slots.used,
      usable: slots.usable,
      origins: holdersText(origins, ({ idle }) => idle),
    },
  };
}
