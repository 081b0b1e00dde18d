import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule, type Found } from "../rule.ts";
import { holdersText, holderText, originsOf, slotHolder, slotsText } from "../slot-holders.ts";

export const slotsHolderUnknown = defineRule({
  id: "pg-slots-holder-unknown",
  title: "The connection slots are taken, and it cannot be told by what",
  why: "A server without a free slot lets nobody in to look, and no one kind of session stands out, or their states are hidden.",
  gravest: "critical",
  needs: ["pg.connect"],
  wants: ["pg.slots", "pg.sessions"],

  judge({ "pg.connect": connect, "pg.slots": slots, "pg.sessions": sessions }) {
    if (slots !== undefined && sessions !== undefined) {
      const holder = slotHolder(slots, sessions);
      if (holder !== "hidden" && holder !== "mixed") return [];
      return [
        {
          severity: slots.used >= slots.usable ? "critical" : "warning",
          object: { kind: "server" },
          summary: `${slotsText(slots)}; ${holder === "hidden" ? "what their sessions do is hidden from our role" : `no one kind of session holds them (${sessions.active} active, ${sessions.idle} idle, ${sessions.idleInTransaction + sessions.idleInTransactionAborted} idle in a transaction)`}`,
          facts: { used: slots.used, usable: slots.usable, holder, origins: holdersText(originsOf(sessions.groups), ({ total }) => total) },
        },
      ];
    }
    if (refusalOf(connect) !== "no-slots") return [];
    const found: Found = {
      severity: "critical",
      object: addressOf(connect),
      summary: `${connect.host}:${connect.port} refused our login because every connection slot that role ${connect.role} may use is taken (SQLSTATE 53300)`,
      facts: { ...refusalFacts(connect), holder: null },
    };
    return [found];
  },

  clear: ({ "pg.slots": slots, "pg.sessions": sessions }) =>
    slots === undefined || sessions === undefined ? "the login was not refused for want of a slot" : holderText(slots, sessions),
});
