import type { Session } from "../evidence/pg-activity.ts";
import type { PgReplication } from "../evidence/pg-operations.ts";
import { duration, plural, size } from "../report/quantity.ts";
import { defineRule, type Found } from "../rule.ts";

/** Less may be on its way through this very moment. */
const MIN_BACKLOG_BYTES = 1_048_576;
/** max_standby_streaming_delay's default: whoever reads on a standby has agreed to so much. */
const AGREED_SECONDS = 30;

/**
 * Queries on this standby and the replay of WAL stand in each other's way: either queries were cancelled within the
 * window, or replay stands still behind a transaction that is older than what it would have to replay.
 */
export const standbyConflict = defineRule({
  id: "pg-standby-conflict",
  title: "Queries on this standby conflict with replay",
  why: "Replay must remove rows or take locks that a query still needs: either the query is cancelled, or the standby falls behind.",
  gravest: "warning",
  needs: ["pg.replication"],
  wants: ["pg.sessions", "pg.settings", "pg.wal"],

  judge({ "pg.replication": { standby }, "pg.sessions": sessions, "pg.settings": settings, "pg.wal": wal }) {
    if (standby === null) return [];
    const delayed = Number(settings?.values["recoveryMinApplyDelayMs"] ?? 0) > 0;
    const blocker = delayed ? undefined : blockerOf(standby, sessions?.oldestTransactions ?? [], wal?.windowSeconds ?? 0);
    if (blocker !== undefined) return [blockedBy(blocker, standby)];
    if (standby.conflictsInWindow === 0) return [];
    const { conflicts } = standby;
    return [
      {
        severity: "warning",
        object: { kind: "server" },
        summary: `${plural(standby.conflictsInWindow, "query was", "queries were")} cancelled within the window for standing in the way of replay (max_standby_streaming_delay ${delayText(standby.maxStandbyStreamingDelayMs)})`,
        facts: {
          conflictsInWindow: standby.conflictsInWindow,
          snapshotConflictsTotal: conflicts.snapshot,
          lockConflictsTotal: conflicts.lock,
          bufferpinConflictsTotal: conflicts.bufferpin,
          maxStandbyStreamingDelayMs: standby.maxStandbyStreamingDelayMs,
          hotStandbyFeedback: standby.hotStandbyFeedback,
        },
      },
    ];
  },

  clear: ({ "pg.replication": { standby } }) =>
    standby === null ? "this is a primary" : `no query was cancelled within the window, and replay does not stand still behind one`,
});

type Standby = NonNullable<PgReplication["standby"]>;

/**
 * The oldest transaction, when replay stands still with work to do and began to do so after it. Sessions are looked at
 * when the window begins, the delay when it ends.
 */
function blockerOf(standby: Standby, transactions: readonly Session[], windowSeconds: number): Session | undefined {
  const standsStill = standby.replayBytesPerSecond <= 0 && (standby.replayBacklogBytes ?? 0) >= MIN_BACKLOG_BYTES;
  if (standby.replayPaused || !standsStill || standby.maxStandbyStreamingDelayMs === 0) return undefined;
  return transactions.find(
    ({ xactAgeSeconds, xminAge }) => xminAge !== null && (xactAgeSeconds ?? 0) + windowSeconds >= (standby.replayDelaySeconds ?? 0),
  );
}

function blockedBy(session: Session, standby: Standby): Found {
  const { pid, backendStart, application, role, database, client } = session;
  const isEndless = standby.maxStandbyStreamingDelayMs < 0 || (standby.replayDelaySeconds ?? 0) >= AGREED_SECONDS;
  return {
    severity: isEndless ? "warning" : "advice",
    object: {
      kind: "session",
      pid,
      backendStart,
      application,
      ...(role === null ? {} : { role }),
      ...(database === null ? {} : { database }),
      ...(client === null ? {} : { client }),
    },
    ...(role === null ? {} : { about: [{ kind: "client", application, role }] }),
    summary: `replay stands still with ${size(standby.replayBacklogBytes ?? 0)} to do, behind session ${pid} of "${application}" (${session.state ?? "state unknown"}, transaction open for ${duration(session.xactAgeSeconds ?? 0)}; max_standby_streaming_delay ${delayText(standby.maxStandbyStreamingDelayMs)})`,
    facts: {
      state: session.state,
      xactAgeSeconds: session.xactAgeSeconds,
      replayBacklogBytes: standby.replayBacklogBytes,
      replayDelaySeconds: standby.replayDelaySeconds,
      maxStandbyStreamingDelayMs: standby.maxStandbyStreamingDelayMs,
    },
  };
}

function delayText(milliseconds: number): string {
  return milliseconds < 0 ? "-1 (for ever)" : duration(milliseconds / 1000);
}
