import { duration, size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** Nobody forgets a pause that hurts; the ones that hurt later are forgotten. */
export const replayPaused = defineRule({
  id: "pg-replay-paused",
  title: "WAL replay is paused on this standby",
  why: "The standby answers with older data every minute, keeps the received WAL, and a failover to it would first have to catch up.",
  gravest: "warning",
  needs: ["pg.replication"],

  judge({ "pg.replication": { standby } }) {
    if (standby === null || !standby.replayPaused) return [];
    return [
      {
        severity: "warning",
        object: { kind: "server" },
        summary: `WAL replay is paused; ${size(standby.replayBacklogBytes ?? 0)} received and not replayed${standby.replayDelaySeconds === null ? "" : `, the last replayed commit is ${duration(standby.replayDelaySeconds)} old`}`,
        facts: {
          replayBacklogBytes: standby.replayBacklogBytes,
          replayDelaySeconds: standby.replayDelaySeconds,
          receiveBytesPerSecond: standby.receiveBytesPerSecond,
        },
      },
    ];
  },

  clear: ({ "pg.replication": { standby } }) => (standby === null ? "this is a primary" : "WAL replay is not paused"),
});
