import { defineRule } from "../rule.ts";
import { dominantOrigin, holdersText, holderText, originObject, originsOf, originText, slotHolder } from "../slot-holders.ts";

export const slotsHeldByNew = defineRule({
  id: "pg-slots-held-by-new",
  title: "Most connection slots were taken within the last minute",
  why: "A burst of new connections fills the slots before anyone can make room, and each costs the server a new process.",
  gravest: "critical",
  needs: ["pg.slots", "pg.sessions"],

  judge({ "pg.slots": slots, "pg.sessions": sessions }) {
    if (slotHolder(slots, sessions) !== "new") return [];
    const origins = originsOf(sessions.groups);
    const owner = dominantOrigin(origins, ({ startedLastMinute }) => startedLastMinute);
    return [
      {
        severity: slots.used >= slots.usable ? "critical" : "warning",
        object: owner === null ? { kind: "server" as const } : originObject(owner),
        summary: `${sessions.startedLastMinute} of ${sessions.total} sessions arrived within the last minute (${sessions.active} sessions are at work, ${sessions.idle} idle)${owner === null ? "" : `; ${owner.startedLastMinute} of them belong to ${originText(owner)}`}`,
        facts: {
          startedLastMinute: sessions.startedLastMinute,
          active: sessions.active,
          idle: sessions.idle,
          used: slots.used,
          usable: slots.usable,
          origins: holdersText(origins, ({ startedLastMinute }) => startedLastMinute),
        },
      },
    ];
  },

  clear: ({ "pg.slots": slots, "pg.sessions": sessions }) => holderText(slots, sessions),
});
