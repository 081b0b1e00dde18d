import type { PgWal } from "../../../diagnosis/evidence/pg-operations.ts";
import { increase, ratePerSecond } from "../counters.ts";
import { CannotLook, defineProbe, type ProbeContext } from "../probe.ts";
import { selectWalDirectory } from "../queries/sizes.ts";
import { selectLastCheckpoint, selectWaitingSegments, selectWalCounters, selectWalSettings, type WalCounters } from "../queries/wal.ts";
import { whereAllowed } from "../where-allowed.ts";

/** How much WAL is made, kept and archived; checkpoints; who writes buffers. On a standby, positions are the replay's. */
export const wal = defineProbe({
  id: "pg.wal",

  begin: read,

  async run(context, first: WalCounters, elapsedSeconds): Promise<PgWal> {
    const { sql } = context;
    const now = await read(context);
    const [settings] = await selectWalSettings(sql);
    if (settings === undefined) throw new CannotLook("failed", "the settings of WAL could not be read", "");
    const directory = (await whereAllowed(() => selectWalDirectory(sql)))?.[0];
    const waiting = (await whereAllowed(() => selectWaitingSegments(sql)))?.[0];
    const checkpoint = (await whereAllowed(() => selectLastCheckpoint(sql)))?.[0];
    const rate = (counter: (row: WalCounters) => number) => ratePerSecond(counter(first), counter(now), elapsedSeconds);
    const inWindow = (counter: (row: WalCounters) => number) => increase(counter(first), counter(now));
    return {
      windowSeconds: elapsedSeconds,
      bytesPerSecond: rate(({ positionBytes }) => positionBytes),
      directoryBytes: directory?.sizeBytes ?? null,
      segments: directory?.segments ?? null,
      segmentBytes: settings.segmentBytes,
      maxWalSizeBytes: settings.maxWalSizeBytes,
      minWalSizeBytes: settings.minWalSizeBytes,
      walKeepSizeBytes: settings.walKeepSizeBytes,
      maxSlotWalKeepBytes: settings.maxSlotWalKeepBytes,
      archiver: {
        mode: settings.archiveMode,
        configured: settings.archivingConfigured,
        archived: now.archived,
        failed: now.failed,
        lastArchivedWal: now.lastArchivedWal,
        lastArchivedAt: now.lastArchivedAt,
        lastArchivedAgeSeconds: now.lastArchivedAgeSeconds,
        lastFailedWal: now.lastFailedWal,
        lastFailedAt: now.lastFailedAt,
        lastFailedAgeSeconds: now.lastFailedAgeSeconds,
        failedInWindow: inWindow(({ failed }) => failed),
        waitingSegments: waiting?.segments ?? null,
      },
      checkpoints: {
        timed: now.timed,
        requested: now.requested,
        timedInWindow: inWindow(({ timed }) => timed),
        requestedInWindow: inWindow(({ requested }) => requested),
        timeoutSeconds: settings.checkpointTimeoutSeconds,
        completionTarget: settings.completionTarget,
        writeTimeMs: now.writeTimeMs,
        syncTimeMs: now.syncTimeMs,
        statsAgeSeconds: now.statsAgeSeconds,
        lastCheckpointAgeSeconds: checkpoint?.ageSeconds ?? null,
      },
      buffers: {
        checkpointerPerSecond: rate(({ checkpointerBuffers }) => checkpointerBuffers),
        bgwriterPerSecond: rate(({ bgwriterBuffers }) => bgwriterBuffers),
        backendsPerSecond: now.backendBuffers === null ? null : ratePerSecond(first.backendBuffers, now.backendBuffers, elapsedSeconds),
        bgwriterStoppedInWindow: inWindow(({ bgwriterStopped }) => bgwriterStopped),
        bgwriterLruMaxPages: settings.bgwriterLruMaxPages,
      },
    };
  },
});

async function read({ sql, server }: ProbeContext): Promise<WalCounters> {
  const [row] = await selectWalCounters(sql, server.versionNum);
  if (row === undefined) throw new CannotLook("failed", "PostgreSQL's statistics of WAL are empty", "");
  return row;
}
