import { defineCause } from "../cause.ts";
import { literal } from "../quoted.ts";

export const walRemovedBeforeStandby = defineCause({
  id: "wal-removed-before-standby",
  title: "WAL was removed before its consumer had read it",
  proof: ["pg-slot-lost"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice({ object, lead }) {
    const name = object?.kind === "slot" ? object.name : "";
    return [
      lead.facts["type"] === "logical"
        ? "Build the subscriber anew: drop its subscription, empty its tables, create the subscription with copy_data = true."
        : "Build the standby anew with pg_basebackup, or let it fetch the missing WAL from the archive by restore_command.",
      `select pg_drop_replication_slot(${literal(name)}); a lost slot is of no use.`,
      "Raise max_slot_wal_keep_size above the WAL of the longest outage that a consumer should survive.",
    ];
  },
});
