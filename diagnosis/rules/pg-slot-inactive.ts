import { duration, size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** Two segments are what any slot keeps. */
const MIN_BYTES = 32 * 1_048_576;
/** A consumer that is restarted comes back within minutes. */
const AWAY_SECONDS = 300;

/**
 * A slot that nobody reads from and that keeps WAL. Past max_wal_size (PostgreSQL calls it "extended") it is the reason
 * why pg_wal grows; before that, it may be a standby that is being restarted.
 */
export const slotInactive = defineRule({
  id: "pg-slot-inactive",
  title: "A replication slot keeps WAL that nobody reads",
  why: "PostgreSQL never removes WAL that a slot may still need: pg_wal grows until the disk is full or the slot is lost.",
  gravest: "warning",
  needs: ["pg.replication", "pg.wal"],

  judge({ "pg.replication": { slots, inRecovery }, "pg.wal": wal }) {
    return slots.flatMap((slot) => {
      const retained = slot.retainedBytes ?? 0;
      // From 17 on a standby keeps copies of the primary's failover slots, which nobody reads before the failover.
      if (inRecovery && slot.type === "logical") return [];
      if (slot.active || slot.temporary || slot.walStatus === "lost" || retained < MIN_BYTES) return [];
      const isBeyond = retained >= wal.maxWalSizeBytes || slot.walStatus === "extended" || slot.walStatus === "unreserved";
      const isAway = slot.inactiveSeconds === null || slot.inactiveSeconds >= AWAY_SECONDS || slot.growthBytesPerSecond > 0;
      const age = slot.inactiveSeconds === null ? "" : ` for ${duration(slot.inactiveSeconds)}`;
      const limit = slot.safeWalBytes === null ? "no limit is set" : `${size(slot.safeWalBytes)} until it is lost`;
      return [
        {
          severity: isBeyond && isAway ? ("warning" as const) : ("advice" as const),
          object: { kind: "slot" as const, name: slot.name },
          summary: `${slot.type} slot "${slot.name}" has been inactive${age} and keeps ${size(retained)} of WAL (max_wal_size ${size(wal.maxWalSizeBytes)}, growing ${size(slot.growthBytesPerSecond)}/s; ${limit})`,
          facts: {
            type: slot.type,
            database: slot.database,
            walStatus: slot.walStatus,
            retainedBytes: retained,
            growthBytesPerSecond: slot.growthBytesPerSecond,
            safeWalBytes: slot.safeWalBytes,
            inactiveSeconds: slot.inactiveSeconds,
            maxWalSizeBytes: wal.maxWalSizeBytes,
          },
        },
      ];
    });
  },

  clear: ({ "pg.replication": { slots } }) =>
    `${slots.length} replication slots, ${slots.filter(({ active }) => !active).length} of them inactive, none of those with WAL to speak of`,
});
