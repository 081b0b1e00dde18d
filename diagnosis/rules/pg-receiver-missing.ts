import { duration } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** The receiver gives the primary this long to speak, by wal_receiver_timeout's default. */
const SILENT_SECONDS = 60;

/** A standby that has a primary to follow, and does not: no receiver, nothing arrives, nothing is replayed. */
export const receiverMissing = defineRule({
  id: "pg-receiver-missing",
  title: "This standby receives nothing from its primary",
  why: "It falls behind for as long as it lasts, and the primary may remove WAL that it needs.",
  gravest: "warning",
  needs: ["pg.replication"],

  judge({ "pg.replication": { standby } }) {
    if (standby === null || !standby.primaryConninfoSet) return [];
    const isSilent = (standby.lastMessageAgeSeconds ?? 0) >= SILENT_SECONDS;
    const isMissing = standby.receiverStatus === null || standby.receiverStatus === "stopped";
    const isIdle = standby.receiveBytesPerSecond <= 0 && standby.replayBytesPerSecond <= 0;
    if (!isIdle || !(isMissing || isSilent)) return [];
    return [
      {
        severity: "warning",
        object: { kind: "server" },
        ...(standby.slot === null ? {} : { about: [{ kind: "slot", name: standby.slot }] }),
        summary: isMissing
          ? `no WAL receiver runs, although primary_conninfo is set${standby.replayDelaySeconds === null ? "" : `; the last replayed commit is ${duration(standby.replayDelaySeconds)} old`}`
          : `the primary has been silent for ${duration(standby.lastMessageAgeSeconds ?? 0)}`,
        facts: {
          receiverStatus: standby.receiverStatus,
          senderHost: standby.senderHost,
          slot: standby.slot,
          lastMessageAgeSeconds: standby.lastMessageAgeSeconds,
          replayDelaySeconds: standby.replayDelaySeconds,
          replayPaused: standby.replayPaused,
        },
      },
    ];
  },

  clear: ({ "pg.replication": { standby } }) =>
    standby === null ? "this is a primary" : `the WAL receiver is ${standby.receiverStatus ?? "not running"}`,
});
