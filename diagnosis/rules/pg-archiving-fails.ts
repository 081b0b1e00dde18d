import { duration, size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** The archiver tries three times, then once a minute: an older last failure is over. */
const RECENT_SECONDS = 300;
/** This much waiting, and the disk is at stake as well as the backups. */
const MUCH_BYTES = 16 * 1_073_741_824;

/** Archiving fails now: the last attempt failed, and no later one succeeded. Or it is on, and nothing is configured to do it. */
export const archivingFails = defineRule({
  id: "pg-archiving-fails",
  title: "WAL cannot be archived",
  why: "Every segment is kept until it is archived, so pg_wal grows until the disk is full, and point-in-time recovery ends at the last archived segment.",
  gravest: "critical",
  needs: ["pg.wal"],
  wants: ["pg.replication"],

  judge({ "pg.wal": { archiver, segmentBytes }, "pg.replication": replication }) {
    if (archiver.mode === "off") return [];
    if (replication?.inRecovery === true && archiver.mode !== "always") return [];
    const failedAgo = archiver.lastFailedAgeSeconds ?? Number.POSITIVE_INFINITY;
    const archivedAgo = archiver.lastArchivedAgeSeconds ?? Number.POSITIVE_INFINITY;
    const fails = failedAgo < archivedAgo && (failedAgo <= RECENT_SECONDS || archiver.failedInWindow > 0);
    const isIdle = !archiver.configured && (archiver.waitingSegments ?? 0) > 0;
    if (!fails && !isIdle) return [];

    const waiting = archiver.waitingSegments;
    const waitingBytes = waiting === null ? null : waiting * segmentBytes;
    const waits = waitingBytes === null ? "" : `; ${waiting} segments (${size(waitingBytes)}) wait`;
    const since = archiver.lastArchivedAgeSeconds;
    return [
      {
        severity: waitingBytes !== null && waitingBytes >= MUCH_BYTES ? "critical" : "warning",
        object: { kind: "setting", name: "archive_command" },
        summary: isIdle
          ? `archive_mode is ${archiver.mode}, and neither archive_command nor archive_library is set${waits}`
          : `archiving segment ${archiver.lastFailedWal ?? "(unknown)"} failed ${duration(failedAgo)} ago, ${since === null ? "none was ever archived" : `the last success was ${duration(since)} ago`}${waits}`,
        facts: {
          mode: archiver.mode,
          configured: archiver.configured,
          failedInWindow: archiver.failedInWindow,
          lastFailedWal: archiver.lastFailedWal,
          lastFailedAgeSeconds: archiver.lastFailedAgeSeconds,
          lastArchivedWal: archiver.lastArchivedWal,
          lastArchivedAgeSeconds: archiver.lastArchivedAgeSeconds,
          waitingSegments: waiting,
          waitingBytes,
        },
      },
    ];
  },

  clear: ({ "pg.wal": { archiver } }) =>
    archiver.mode === "off"
      ? "archive_mode is off"
      : `the archiver has no failure later than its last success (${archiver.lastArchivedAgeSeconds === null ? "none yet" : `${duration(archiver.lastArchivedAgeSeconds)} ago`})`,
});
