import { defineRule } from "../rule.ts";
import { dominantOrigin, holdersText, holderText, originObject, originsOf, originText, slotHolder } from "../slot-holders.ts";

export const slotsHeldByIdle = defineRule({
  id: "pg-slots-held-by-idle",
  title: "Most connection slots are held by idle sessions",
  why: "A session that does nothing takes a slot all the same; a pool that is larger than its work takes them from everyone.",
  gravest: "critical",
  needs: ["pg.slots", "pg.sessions"],

  judge({ "pg.slots": slots, "pg.sessions": sessions }) {
    if (slotHolder(slots, sessions) !== "idle") return [];
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

  clear: ({ "pg.slots": slots, "pg.sessions": sessions }) => holderText(slots, sessions),
});
