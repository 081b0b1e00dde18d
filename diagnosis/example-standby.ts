import type { PgReplication } from "./evidence/pg-operations.ts";
import type { Overrides } from "./example.ts";

/** For tests: the healthy example as a standby that streams, replays at once, and answers queries. */
export function standbyExample(standby: Partial<NonNullable<PgReplication["standby"]>> = {}, more: Overrides = {}): Overrides {
  return {
    "pg.server": { inRecovery: true },
    ...more,
    "pg.replication": {
      inRecovery: true,
      senders: [],
      slots: [],
      standby: {
        receiverStatus: "streaming",
        senderHost: "db1.example.com",
        slot: "standby_1",
        lastMessageAgeSeconds: 0.4,
        replayPaused: false,
        replayBacklogBytes: 20_000,
        replayDelaySeconds: 0.02,
        replayBytesPerSecond: 240_000,
        receiveBytesPerSecond: 240_000,
        hotStandbyFeedback: true,
        maxStandbyStreamingDelayMs: 30_000,
        conflicts: { tablespace: 0, lock: 1, snapshot: 40, bufferpin: 2, deadlock: 0 },
        conflictsInWindow: 0,
        primarySlotConfigured: true,
        primaryConninfoSet: true,
        ...standby,
      },
    },
  };
}
