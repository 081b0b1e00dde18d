import { defineRule } from "../rule.ts";

/** What was still needed is gone: the slot's consumer cannot go on. Other reasons for an invalid slot were somebody's wish. */
const BY_SIZE = "wal_removed";

export const slotLost = defineRule({
  id: "pg-slot-lost",
  title: "A replication slot lost the WAL that its consumer needs",
  why: "The standby or subscriber behind it cannot continue and has to be built anew.",
  gravest: "warning",
  needs: ["pg.replication"],
  wants: ["pg.wal"],

  judge({ "pg.replication": { slots }, "pg.wal": wal }) {
    return slots.flatMap((slot) => {
      const reason = slot.invalidationReason;
      if (reason === null ? slot.walStatus !== "lost" : reason !== BY_SIZE) return [];
      return [
        {
          severity: "warning" as const,
          object: { kind: "slot" as const, name: slot.name },
          summary: `${slot.type} slot "${slot.name}" is lost: WAL that its consumer had not read was removed`,
          facts: {
            type: slot.type,
            database: slot.database,
            walStatus: slot.walStatus,
            invalidationReason: reason,
            maxSlotWalKeepBytes: wal?.maxSlotWalKeepBytes ?? null,
          },
        },
      ];
    });
  },

  clear: ({ "pg.replication": { slots } }) => `${slots.length} replication slots, none of them lost`,
});
