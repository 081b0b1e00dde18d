import { duration, size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** checkpoint_warning's default: PostgreSQL itself logs a warning at this frequency. */
const TOO_OFTEN_SECONDS = 30;
/** One requested checkpoint in a short window proves this only when the volume leaves no doubt. */
const CERTAIN_SECONDS = 10;

/**
 * Checkpoints that come because of WAL volume, not of time. Seen in the window and explained by the window's volume: a
 * manual CHECKPOINT or a base backup requests one as well. PostgreSQL begins the next checkpoint after
 * max_wal_size / (1 + checkpoint_completion_target) of WAL (CalculateCheckpointSegments in xlog.c).
 */
export const checkpointsRequested = defineRule({
  id: "pg-checkpoints-requested",
  title: "Checkpoints are forced by WAL volume",
  why: "Each checkpoint makes the next change of every page write the whole page into WAL, which brings the next checkpoint nearer.",
  gravest: "warning",
  needs: ["pg.wal"],

  judge({ "pg.wal": wal }) {
    const { checkpoints } = wal;
    const interval = intervalSeconds(wal);
    if (checkpoints.requestedInWindow === 0 || interval > checkpoints.timeoutSeconds / 2) return [];
    const isRepeated = checkpoints.requestedInWindow >= 2 && wal.windowSeconds / checkpoints.requestedInWindow <= TOO_OFTEN_SECONDS;
    const isTooOften = (isRepeated && interval <= TOO_OFTEN_SECONDS) || interval <= CERTAIN_SECONDS;
    return [
      {
        severity: isTooOften ? "warning" : "advice",
        object: { kind: "setting", name: "max_wal_size" },
        summary: `${size(wal.bytesPerSecond)}/s of WAL reach the checkpoint distance of max_wal_size (${size(wal.maxWalSizeBytes)}) every ${duration(interval)}, checkpoint_timeout is ${duration(checkpoints.timeoutSeconds)}; ${checkpoints.requestedInWindow} requested in ${duration(wal.windowSeconds)}`,
        facts: {
          walBytesPerSecond: wal.bytesPerSecond,
          maxWalSizeBytes: wal.maxWalSizeBytes,
          checkpointIntervalSeconds: interval,
          checkpointTimeoutSeconds: checkpoints.timeoutSeconds,
          requestedInWindow: checkpoints.requestedInWindow,
          timedInWindow: checkpoints.timedInWindow,
          windowSeconds: wal.windowSeconds,
        },
      },
    ];
  },

  clear: ({ "pg.wal": wal }) =>
    `${wal.checkpoints.requestedInWindow} checkpoints were requested within ${duration(wal.windowSeconds)}, at ${size(wal.bytesPerSecond)}/s of WAL and max_wal_size ${size(wal.maxWalSizeBytes)}`,
});

function intervalSeconds(wal: {
  readonly bytesPerSecond: number;
  readonly maxWalSizeBytes: number;
  readonly checkpoints: { readonly completionTarget: number };
}): number {
  const distance = wal.maxWalSizeBytes / (1 + wal.checkpoints.completionTarget);
  return wal.bytesPerSecond <= 0 ? Number.POSITIVE_INFINITY : distance / wal.bytesPerSecond;
}
