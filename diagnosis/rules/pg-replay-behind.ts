import { duration, size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** Received and not replayed: eight segments are more than a burst leaves for long. */
const MIN_BACKLOG_BYTES = 128 * 1_048_576;
const MIN_DELAY_SECONDS = 15;

/**
 * A standby that replays, and still falls behind what it receives. A pause, a delay that somebody set, and a replay that
 * stands still are other things: their remedies differ.
 */
export const replayBehind = defineRule({
  id: "pg-replay-behind",
  title: "This standby replays more slowly than it receives",
  why: "Readers see old data, and a failover would have to wait for the backlog.",
  gravest: "warning",
  needs: ["pg.replication"],
  wants: ["pg.settings"],

  judge({ "pg.replication": { standby }, "pg.settings": settings }) {
    if (standby === null || standby.replayPaused || standby.replayBytesPerSecond <= 0) return [];
    if (Number(settings?.values["recoveryMinApplyDelayMs"] ?? 0) > 0) return [];
    const backlog = standby.replayBacklogBytes ?? 0;
    const isBehind = backlog >= MIN_BACKLOG_BYTES && (standby.replayDelaySeconds ?? 0) >= MIN_DELAY_SECONDS;
    if (!isBehind || standby.replayBytesPerSecond >= standby.receiveBytesPerSecond) return [];
    return [
      {
        severity: "warning",
        object: { kind: "server" },
        summary: `${size(backlog)} of WAL received and not replayed, ${duration(standby.replayDelaySeconds ?? 0)} behind: it replays ${size(standby.replayBytesPerSecond)}/s and receives ${size(standby.receiveBytesPerSecond)}/s`,
        facts: {
          replayBacklogBytes: backlog,
          replayDelaySeconds: standby.replayDelaySeconds,
          replayBytesPerSecond: standby.replayBytesPerSecond,
          receiveBytesPerSecond: standby.receiveBytesPerSecond,
        },
      },
    ];
  },

  clear: ({ "pg.replication": { standby } }) =>
    standby === null
      ? "this is a primary"
      : `${size(standby.replayBacklogBytes ?? 0)} received and not replayed, at ${size(standby.replayBytesPerSecond)}/s replayed and ${size(standby.receiveBytesPerSecond)}/s received`,
});
