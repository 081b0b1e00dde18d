import { defineCause } from "../cause.ts";
import { isMostOfWal } from "../wal-share.ts";

export const archivingFails = defineCause({
  id: "archiving-fails",
  title: "WAL archiving fails",
  proof: ["pg-archiving-fails"],
  explains: ["pg-wal-piles-up"],
  refutedBy: [],
  explainsOnly: (symptom, lead) => isMostOfWal(symptom, lead.facts["waitingBytes"]),
  remedies: [],
  advice: ({ lead }) =>
    lead.facts["configured"] === false
      ? [
          "Set archive_command or archive_library and reload; or set archive_mode = off and restart, when nothing archives this server any more.",
        ]
      : [
          "The server log has the archive command's exit code and what it printed: look at the target's free space, credentials and network first.",
          `Run the command by hand for segment ${String(lead.facts["lastFailedWal"] ?? "named in pg_stat_archiver")} as the server's account. PostgreSQL tries again by itself; never delete from pg_wal.`,
        ],
});
