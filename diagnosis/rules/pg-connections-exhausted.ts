import { defineRule } from "../rule.ts";

/** Poolers begin to queue here, well before PostgreSQL begins to refuse. */
const NEARLY_FULL = 0.9;

export const connectionsExhausted = defineRule({
  id: "pg-connections-exhausted",
  title: "Connection slots are used up",
  why: "Once every unreserved slot is taken, new clients are refused with SQLSTATE 53300.",
  gravest: "critical",
  needs: ["pg.slots", "pg.sessions"],

  judge({ "pg.slots": slots, "pg.sessions": sessions }) {
    const used = slots.used - slots.ours;
    if (used < slots.usable * NEARLY_FULL) return [];
    return [
      {
        severity: slots.used >= slots.usable ? "critical" : "warning",
        summary: `${slots.used} of ${slots.usable} connection slots in use, ${sessions.idleInTransaction} of them idle in a transaction`,
        facts: { used: slots.used, usable: slots.usable, reserved: slots.reserved, idleInTransaction: sessions.idleInTransaction },
      },
    ];
  },

  clear: ({ "pg.slots": slots }) => `${slots.used} of ${slots.usable} connection slots are in use`,
});
