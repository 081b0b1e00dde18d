import { defineRule } from "../rule.ts";
import { dominantOrigin, holdersText, originObject, originsOf, slotHolder, slotsText } from "../slot-holders.ts";

export const connectionsExhausted = defineRule({
  id: "pg-connections-exhausted",
  title: "Connection slots are used up",
  why: "Once every unreserved slot is taken, new clients are refused with SQLSTATE 53300.",
  gravest: "critical",
  needs: ["pg.slots", "pg.sessions"],
  wants: ["complaint"],

  judge({ "pg.slots": slots, "pg.sessions": sessions, complaint }) {
    const holder = slotHolder(slots, sessions);
    if (holder === null) return [];
    const origins = originsOf(sessions.groups);
    const largest = dominantOrigin(origins, ({ total }) => total);
    const isRefusing = slots.used >= slots.usable || complaint?.sqlStates.includes("53300") === true;
    return [
      {
        severity: isRefusing ? "critical" : "warning",
        ...(largest !== null && { about: [originObject(largest)] }),
        summary: `${slotsText(slots)}: ${sessions.active} active (${sessions.waitingForLock} of them waiting for a lock), ${sessions.idle} idle, ${sessions.idleInTransaction + sessions.idleInTransactionAborted} idle in a transaction; ${sessions.startedLastMinute} arrived within the last minute`,
        facts: {
          used: slots.used,
          usable: slots.usable,
          max: slots.max,
          reserved: slots.reserved,
          active: sessions.active,
          waitingForLock: sessions.waitingForLock,
          idle: sessions.idle,
          idleLong: sessions.idleLong,
          idleInTransaction: sessions.idleInTransaction + sessions.idleInTransactionAborted,
          startedLastMinute: sessions.startedLastMinute,
          holder,
          origins: holdersText(origins, ({ total }) => total),
        },
      },
    ];
  },

  clear: ({ "pg.slots": slots }) => slotsText(slots),
});
