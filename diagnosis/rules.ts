import { archivingFails } from "./rules/pg-archiving-fails.ts";
import { autovacuumDisabled } from "./rules/pg-autovacuum-disabled.ts";
import { autovacuumSaturated } from "./rules/pg-autovacuum-saturated.ts";
import { bgwriterStarved } from "./rules/pg-bgwriter-starved.ts";
import { certificateValidity } from "./rules/pg-certificate-validity.ts";
import { checkpointsRequested } from "./rules/pg-checkpoints-requested.ts";
import { checksumFailures } from "./rules/pg-checksum-failures.ts";
import { configFileInvalid } from "./rules/pg-config-file-invalid.ts";
import { connectionFailed } from "./rules/pg-connection-failed.ts";
import { connectionLimitReached } from "./rules/pg-connection-limit-reached.ts";
import { connectionsExhausted } from "./rules/pg-connections-exhausted.ts";
import { databaseMissing } from "./rules/pg-database-missing.ts";
import { deadRows } from "./rules/pg-dead-rows.ts";
import { deadlocks } from "./rules/pg-deadlocks.ts";
import { defaultReadOnly } from "./rules/pg-default-read-only.ts";
import { durabilityOff } from "./rules/pg-durability-off.ts";
import { foreignKeyUnindexed } from "./rules/pg-foreign-key-unindexed.ts";
import { freezeHeldBack } from "./rules/pg-freeze-held-back.ts";
import { hbaRejects } from "./rules/pg-hba-rejects.ts";
import { idleInTransaction } from "./rules/pg-idle-in-transaction.ts";
import { indexInvalid } from "./rules/pg-index-invalid.ts";
import { indexRedundant } from "./rules/pg-index-redundant.ts";
import { indexUnused } from "./rules/pg-index-unused.ts";
import { integerKeyNearLimit } from "./rules/pg-integer-key-near-limit.ts";
import { lockContention } from "./rules/pg-lock-contention.ts";
import { lockDdlQueue } from "./rules/pg-lock-ddl-queue.ts";
import { lockRootActive } from "./rules/pg-lock-root-active.ts";
import { lockRootAdvisory } from "./rules/pg-lock-root-advisory.ts";
import { lockRootCommitWaits } from "./rules/pg-lock-root-commit-waits.ts";
import { lockRootIdle } from "./rules/pg-lock-root-idle.ts";
import { lockRootUnknown } from "./rules/pg-lock-root-unknown.ts";
import { lockRootVacuum } from "./rules/pg-lock-root-vacuum.ts";
import { loginRefused } from "./rules/pg-login-refused.ts";
import { multixactWraparoundNear } from "./rules/pg-multixact-wraparound-near.ts";
import { hostNameNotResolved } from "./rules/pg-name-not-resolved.ts";
import { nothingListens } from "./rules/pg-nothing-listens.ts";
import { observabilityMissing } from "./rules/pg-observability-missing.ts";
import { passwordRejected } from "./rules/pg-password-rejected.ts";
import { portUnreachable } from "./rules/pg-port-unreachable.ts";
import { preparedTransactionLeftBehind } from "./rules/pg-prepared-transaction-left-behind.ts";
import { receiverMissing } from "./rules/pg-receiver-missing.ts";
import { replayBehind } from "./rules/pg-replay-behind.ts";
import { replayPaused } from "./rules/pg-replay-paused.ts";
import { restartPending } from "./rules/pg-restart-pending.ts";
import { roleMissing } from "./rules/pg-role-missing.ts";
import { sequenceNearLimit } from "./rules/pg-sequence-near-limit.ts";
import { serverDoesNotAnswer } from "./rules/pg-server-does-not-answer.ts";
import { shuttingDown } from "./rules/pg-shutting-down.ts";
import { slotInactive } from "./rules/pg-slot-inactive.ts";
import { slotLost } from "./rules/pg-slot-lost.ts";
import { slotsHeldByIdle } from "./rules/pg-slots-held-by-idle.ts";
import { slotsHeldByNew } from "./rules/pg-slots-held-by-new.ts";
import { slotsHolderUnknown } from "./rules/pg-slots-holder-unknown.ts";
import { standbyConflict } from "./rules/pg-standby-conflict.ts";
import { standbyLags } from "./rules/pg-standby-lags.ts";
import { startingOrRecovering } from "./rules/pg-starting-or-recovering.ts";
import { subscriptionFailing } from "./rules/pg-subscription-failing.ts";
import { syncStandbyMissing } from "./rules/pg-sync-standby-missing.ts";
import { tableBloat } from "./rules/pg-table-bloat.ts";
import { tempFileSpill } from "./rules/pg-temp-file-spill.ts";
import { tlsMismatch } from "./rules/pg-tls-mismatch.ts";
import { vacuumHeldBack } from "./rules/pg-vacuum-held-back.ts";
import { walPilesUp } from "./rules/pg-wal-piles-up.ts";
import { walRetention } from "./rules/pg-wal-retention.ts";
import { wraparoundNear } from "./rules/pg-wraparound-near.ts";
import { writesRefusedInRecovery } from "./rules/pg-writes-refused-in-recovery.ts";

/** Every rule, one line each; a law checks that the folder and this list agree. */
export const RULES = [
  // Connections
  connectionsExhausted,
  idleInTransaction,
  slotsHeldByIdle,
  slotsHeldByNew,
  connectionLimitReached,
  slotsHolderUnknown,
  // Reaching it
  nothingListens,
  startingOrRecovering,
  shuttingDown,
  hostNameNotResolved,
  portUnreachable,
  serverDoesNotAnswer,
  connectionFailed,
  passwordRejected,
  roleMissing,
  databaseMissing,
  hbaRejects,
  tlsMismatch,
  certificateValidity,
  loginRefused,
  writesRefusedInRecovery,
  defaultReadOnly,
  // Locks
  lockRootIdle,
  lockRootActive,
  lockDdlQueue,
  lockRootVacuum,
  lockRootAdvisory,
  lockRootCommitWaits,
  lockRootUnknown,
  preparedTransactionLeftBehind,
  deadlocks,
  lockContention,
  // Vacuum
  vacuumHeldBack,
  freezeHeldBack,
  autovacuumDisabled,
  autovacuumSaturated,
  wraparoundNear,
  multixactWraparoundNear,
  deadRows,
  tableBloat,
  // Queries
  tempFileSpill,
  foreignKeyUnindexed,
  indexInvalid,
  indexRedundant,
  indexUnused,
  // WAL and checkpoints
  archivingFails,
  slotInactive,
  walRetention,
  walPilesUp,
  checkpointsRequested,
  bgwriterStarved,
  // Replication
  syncStandbyMissing,
  slotLost,
  replayPaused,
  standbyConflict,
  replayBehind,
  receiverMissing,
  standbyLags,
  subscriptionFailing,
  // Capacity
  sequenceNearLimit,
  integerKeyNearLimit,
  // Integrity and configuration
  checksumFailures,
  durabilityOff,
  configFileInvalid,
  restartPending,
  observabilityMissing,
] as const;

export type RuleId = (typeof RULES)[number]["id"];
