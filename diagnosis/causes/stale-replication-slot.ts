import { defineCause } from "../cause.ts";
import { literal } from "../quoted.ts";
import { isMostOfWal } from "../wal-share.ts";

export const staleReplicationSlot = defineCause({
  id: "stale-replication-slot",
  title: "A replication slot without a consumer keeps WAL",
  proof: ["pg-slot-inactive"],
  explains: ["pg-wal-piles-up", "pg-wal-retention", "pg-vacuum-held-back", "pg-freeze-held-back"],
  refutedBy: [],
  explainsOnly: (symptom, lead) => isMostOfWal(symptom, lead.facts["retainedBytes"]),
  remedies: [],
  advice({ object, lead }) {
    const name = object?.kind === "slot" ? object.name : "";
    return [
      `When its ${lead.facts["type"] === "logical" ? "subscriber" : "standby"} comes back, nothing is to be done: it reads what was kept.`,
      `When nothing needs it any more: select pg_drop_replication_slot(${literal(name)}); the WAL goes with the next checkpoint.`,
      ...(lead.facts["safeWalBytes"] === null
        ? ["Set max_slot_wal_keep_size to what the disk can spare, so that no slot can fill it."]
        : []),
    ];
  },
});
