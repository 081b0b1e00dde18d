import { defineCause } from "../cause.ts";
import { isMostOfWal } from "../wal-share.ts";

export const walRetentionMisconfigured = defineCause({
  id: "wal-retention-misconfigured",
  title: "Settings keep more WAL than anything needs",
  proof: ["pg-wal-retention"],
  explains: ["pg-wal-piles-up"],
  refutedBy: [],
  explainsOnly: (symptom, lead) => isMostOfWal(symptom, lead.facts["walKeepSizeBytes"] ?? lead.facts["retainedBytes"]),
  remedies: [],
  advice: ({ object }) =>
    object?.kind === "setting" && object.name === "wal_keep_size"
      ? ["Give each standby a replication slot and lower wal_keep_size: alter system set wal_keep_size = 0; select pg_reload_conf();"]
      : [
          "Set max_slot_wal_keep_size to what the disk can spare beside max_wal_size; a slot that needs more is lost then, instead of the server.",
        ],
});
