import { z } from "zod";
import { PgReplication, PgWal, type ReplicationSlot } from "../../../diagnosis/evidence/pg-operations.ts";
import { duration, size } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { seen } from "../seen.ts";

const DEADLINE_SECONDS = 20;

export const replicationStatus = defineTool({
  name: "pg_replication_status",
  title: "Show replication and WAL",
  effect: "read",
  description:
    "Both sides of replication: senders, the receiver and replay of a standby, slots and the WAL that they keep, subscriptions; WAL directory, archiver, checkpoints. " +
    "Use for lag, growing pg_wal and failing archiving.",
  input: { seconds: z.number().min(0.2).max(10).default(1).describe("Between two readings, for rates") },
  output: { replication: PgReplication, wal: PgWal.nullable() },
  deadlineSeconds: () => DEADLINE_SECONDS,

  async run({ seconds }, { collect }: Pick<PostgresContext, "collect">) {
    const snapshot = await collect({ only: ["pg.replication", "pg.wal"], seconds });
    const wal = snapshot.evidence["pg.wal"];
    return { replication: seen(snapshot, "pg.replication"), wal: wal?.outcome === "seen" ? wal.value : null };
  },

  render({ replication, wal }) {
    const { inRecovery, synchronousStandbyNames, senders, slots, standby, subscriptions } = replication;
    const sync = synchronousStandbyNames === "" ? "" : `, synchronous_standby_names ${synchronousStandbyNames}`;
    return [
      `${inRecovery ? "Standby" : "Primary"}${sync}.`,
      ...(standby === null ? [] : standbyLines(standby)),
      ...(senders.length === 0 ? ["No standby is connected."] : ["Senders:", ...senders.map(senderLine)]),
      ...(slots.length === 0 ? ["No replication slots."] : ["Slots, most WAL first:", ...slots.map(slotLine)]),
      ...subscriptions.map(subscriptionLine),
      ...(wal === null ? ["Not seen: WAL and archiver."] : walLines(wal)),
    ].join("\n");
  },
});

function standbyLines(standby: NonNullable<PgReplication["standby"]>): string[] {
  const { receiverStatus, senderHost, replayPaused, replayBacklogBytes, replayDelaySeconds, conflicts, conflictsInWindow } = standby;
  const cancelled = Object.entries(conflicts).filter(([, count]) => count > 0);
  return [
    receiverStatus === null
      ? "No WAL receiver runs: the primary is not reached, or WAL comes from an archive."
      : `Receives from ${senderHost ?? "?"} (${receiverStatus}), ${size(standby.receiveBytesPerSecond)}/s.`,
    `Replay ${replayPaused ? "is PAUSED (pg_wal_replay_resume() goes on)" : `runs at ${size(standby.replayBytesPerSecond)}/s`}, ` +
      `${replayBacklogBytes === null ? "backlog unknown" : `${size(replayBacklogBytes)} behind what was received`}` +
      `${replayDelaySeconds === null ? "" : `, last replayed commit ${duration(replayDelaySeconds)} ago`}.`,
    `Queries cancelled by conflicts: ${cancelled.length === 0 ? "none" : cancelled.map(([kind, count]) => `${kind} ${count}`).join(", ")} (${conflictsInWindow} now).`,
  ];
}

function senderLine({
  pid,
  application,
  client,
  state,
  syncState,
  slot,
  replayLagBytes,
  replayLagSeconds,
}: PgReplication["senders"][number]): string {
  const lag = replayLagBytes === null ? "lag unknown" : `${size(replayLagBytes)} not replayed there`;
  const time = replayLagSeconds === null ? "" : ` (${duration(replayLagSeconds)})`;
  return `  ${pid} "${application}" at ${client ?? "?"}: ${state ?? "?"}, ${syncState ?? "?"}, ${lag}${time}${slot === null ? "" : `, slot ${slot}`}`;
}

function slotLine(slot: ReplicationSlot): string {
  const { name, type, database, active, walStatus, retainedBytes, safeWalBytes, growthBytesPerSecond, inactiveSeconds } = slot;
  const parts = [
    `${type}${database === null ? "" : ` in ${database}`}`,
    active ? "active" : `INACTIVE${inactiveSeconds === null ? "" : ` for ${duration(inactiveSeconds)}`}`,
    retainedBytes === null ? "keeps no WAL" : `keeps ${size(retainedBytes)} of WAL`,
    growthBytesPerSecond > 0 ? `growing ${size(growthBytesPerSecond)}/s` : null,
    walStatus === null || walStatus === "reserved" ? null : `wal_status ${walStatus}`,
    safeWalBytes === null ? null : `${size(safeWalBytes)} until it is lost`,
    slot.invalidationReason === null ? null : `invalidated: ${slot.invalidationReason}`,
  ];
  return `  ${name}: ${parts.filter((part) => part !== null).join(", ")}`;
}

function subscriptionLine({
  name,
  enabled,
  workerRunning,
  lastMessageAgeSeconds,
  applyErrors,
}: PgReplication["subscriptions"][number]): string {
  const heard = lastMessageAgeSeconds === null ? "" : `, last message ${duration(lastMessageAgeSeconds)} ago`;
  const errors = applyErrors === null ? "" : `, ${applyErrors} apply errors`;
  return `Subscription ${name}: ${enabled ? "enabled" : "disabled"}, worker ${workerRunning ? "runs" : "does not run"}${heard}${errors}`;
}

function walLines({ bytesPerSecond, directoryBytes, maxWalSizeBytes, archiver, checkpoints, windowSeconds }: PgWal): string[] {
  const kept = directoryBytes === null ? "size of pg_wal hidden (grant pg_monitor)" : `pg_wal holds ${size(directoryBytes)}`;
  return [
    `WAL: ${size(bytesPerSecond)}/s; ${kept}, max_wal_size ${size(maxWalSizeBytes)}.`,
    archiverLine(archiver),
    `Checkpoints in ${duration(windowSeconds)}: ${checkpoints.timedInWindow} timed, ${checkpoints.requestedInWindow} requested; ` +
      `since the counters began ${checkpoints.timed} and ${checkpoints.requested}.`,
  ];
}

function archiverLine({
  mode,
  configured,
  failed,
  archived,
  waitingSegments,
  lastArchivedAgeSeconds,
  lastFailedAgeSeconds,
  lastFailedWal,
}: PgWal["archiver"]): string {
  if (mode === "off") return "Archiving: off.";
  if (!configured) return `Archiving: mode ${mode}, and neither archive_command nor archive_library is set: WAL piles up.`;
  const last = lastArchivedAgeSeconds === null ? "never" : `${duration(lastArchivedAgeSeconds)} ago`;
  const failing =
    lastFailedAgeSeconds !== null && (lastArchivedAgeSeconds === null || lastFailedAgeSeconds < lastArchivedAgeSeconds)
      ? `; FAILING, last ${duration(lastFailedAgeSeconds)} ago with ${lastFailedWal ?? "?"}`
      : "";
  return `Archiving: ${archived} archived, last ${last}, ${failed} failures, ${waitingSegments ?? "?"} segments wait${failing}.`;
}
