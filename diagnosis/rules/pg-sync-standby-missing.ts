import { defineRule } from "../rule.ts";

const WAITING_COMMITS: readonly string[] = ["on", "remote_write", "remote_apply"];

/**
 * Commits are configured to wait for a synchronous standby, and too few are connected. With sessions seen waiting for it
 * (IPC: SyncRep) writes stand still now; without, the next commit of a write will.
 */
export const syncStandbyMissing = defineRule({
  id: "pg-sync-standby-missing",
  title: "Commits wait for a synchronous standby that is not there",
  why: "Every transaction that wrote something hangs in COMMIT, holding its locks and its connection slot.",
  gravest: "critical",
  needs: ["pg.replication"],
  wants: ["pg.waits"],

  judge({ "pg.replication": replication, "pg.waits": waits }) {
    const names = replication.synchronousStandbyNames.trim();
    if (replication.inRecovery || names === "" || !WAITING_COMMITS.includes(replication.synchronousCommit)) return [];
    const needed = requiredStandbys(names);
    const present = replication.senders.filter(
      ({ state, syncState }) => state === "streaming" && (syncState === "sync" || syncState === "quorum"),
    ).length;
    if (present >= needed) return [];

    const waiting = waits?.events.find(({ event }) => event === "SyncRep")?.averageSessions ?? 0;
    return [
      {
        severity: waiting > 0 ? "critical" : "warning",
        object: { kind: "setting", name: "synchronous_standby_names" },
        summary: `synchronous_standby_names ("${names}") asks for ${needed}, ${present} are streaming; ${waiting > 0 ? `${waiting.toFixed(1)} sessions on average wait in COMMIT` : "no commit waits at this moment"}`,
        facts: {
          synchronousStandbyNames: names,
          synchronousCommit: replication.synchronousCommit,
          needed,
          present,
          waitingSessions: waits === undefined ? null : waiting,
          connected: replication.senders.map(({ application }) => application),
        },
      },
    ];
  },

  clear: ({ "pg.replication": { synchronousStandbyNames } }) =>
    synchronousStandbyNames.trim() === "" ? "commits wait for no standby" : "the synchronous standbys are streaming",
});

/** "FIRST 2 (a, b)", "ANY 1 (a, b)", "2 (a, b)", or a plain list, which asks for one. */
function requiredStandbys(names: string): number {
  const counted = /^(?:first\s+|any\s+)?(\d+)\s*\(/iu.exec(names)?.[1];
  return counted === undefined ? 1 : Number(counted);
}
