import { duration, size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

const MIN_BYTES = 256 * 1_048_576;
const MIN_SECONDS = 60;

/** Seen from the primary: behind, for a reason that only the standby knows (paused, slow, waiting for a query). */
export const standbyLags = defineRule({
  id: "pg-standby-lags",
  title: "A standby is far behind",
  why: "Its readers see old data, a failover to it would lose or wait, and the WAL that it needs is kept here.",
  gravest: "warning",
  needs: ["pg.replication"],

  judge({ "pg.replication": { senders } }) {
    return senders.flatMap((sender) => {
      const bytes = sender.replayLagBytes ?? 0;
      if (sender.state !== "streaming" || bytes < MIN_BYTES || (sender.replayLagSeconds ?? 0) < MIN_SECONDS) return [];
      return [
        {
          severity: "warning" as const,
          object: {
            kind: "standby" as const,
            application: sender.application,
            ...(sender.client === null ? {} : { address: sender.client }),
          },
          ...(sender.slot === null ? {} : { about: [{ kind: "slot" as const, name: sender.slot }] }),
          summary: `standby "${sender.application}" is ${size(bytes)} and ${duration(sender.replayLagSeconds ?? 0)} behind in replay (${duration(sender.flushLagSeconds ?? 0)} in flushing)`,
          facts: {
            replayLagBytes: bytes,
            writeLagSeconds: sender.writeLagSeconds,
            flushLagSeconds: sender.flushLagSeconds,
            replayLagSeconds: sender.replayLagSeconds,
          },
        },
      ];
    });
  },

  clear: ({ "pg.replication": { senders } }) =>
    `${senders.length} standbys are connected, the furthest ${size(Math.max(0, ...senders.map(({ replayLagBytes }) => replayLagBytes ?? 0)))} behind`,
});
