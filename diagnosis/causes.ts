import type { Cause } from "./cause.ts";
import { advisoryLockHeld } from "./causes/advisory-lock-held.ts";
import { archivingFails } from "./causes/archiving-fails.ts";
import { autovacuumDisabled } from "./causes/autovacuum-disabled.ts";
import { autovacuumTooSlow } from "./causes/autovacuum-too-slow.ts";
import { bgwriterMisconfigured } from "./causes/bgwriter-misconfigured.ts";
import { certificateExpired } from "./causes/certificate-expired.ts";
import { checksumFailures } from "./causes/checksum-failures.ts";
import { configFileInvalid } from "./causes/config-file-invalid.ts";
import { connectedToStandby } from "./causes/connected-to-standby.ts";
import { connectionLimitTooLow } from "./causes/connection-limit-too-low.ts";
import { connectionSurge } from "./causes/connection-surge.ts";
import { databaseMissingCause } from "./causes/database-missing.ts";
import { ddlQueue } from "./causes/ddl-queue.ts";
import { defaultReadOnlyCause } from "./causes/default-read-only.ts";
import { durabilitySwitchedOff } from "./causes/durability-switched-off.ts";
import { hbaRejectsCause } from "./causes/hba-rejects.ts";
import { hotRowContention } from "./causes/hot-row-contention.ts";
import { idleSessionsPileUp } from "./causes/idle-sessions-pile-up.ts";
import { idleTransactionBlocks } from "./causes/idle-transaction-blocks.ts";
import { integerKeyNearLimit } from "./causes/integer-key-near-limit.ts";
import { invalidIndex } from "./causes/invalid-index.ts";
import { leakedTransactions } from "./causes/leaked-transactions.ts";
import { lockOrderDeadlocks } from "./causes/lock-order-deadlocks.ts";
import { logicalApplyFails } from "./causes/logical-apply-fails.ts";
import { loginRefused } from "./causes/login-refused.ts";
import { longStatementBlocks } from "./causes/long-statement-blocks.ts";
import { maxWalSizeTooSmall } from "./causes/max-wal-size-too-small.ts";
import { multixactWraparoundNear } from "./causes/multixact-wraparound-near.ts";
import { nameNotResolved } from "./causes/name-not-resolved.ts";
import { observabilityMissing } from "./causes/observability-missing.ts";
import { orphanedPreparedTransaction } from "./causes/orphaned-prepared-transaction.ts";
import { outOfConnectionSlots } from "./causes/out-of-connection-slots.ts";
import { portUnreachableCause } from "./causes/port-unreachable.ts";
import { redundantIndexes } from "./causes/redundant-indexes.ts";
import { replayPaused } from "./causes/replay-paused.ts";
import { replicaTooSlow } from "./causes/replica-too-slow.ts";
import { restartPending } from "./causes/restart-pending.ts";
import { roleMissingCause } from "./causes/role-missing.ts";
import { sequenceExhausted } from "./causes/sequence-exhausted.ts";
import { serverDown } from "./causes/server-down.ts";
import { serverShuttingDown } from "./causes/server-shutting-down.ts";
import { serverStartingOrRecovering } from "./causes/server-starting-or-recovering.ts";
import { serverUnresponsive } from "./causes/server-unresponsive.ts";
import { staleReplicationSlot } from "./causes/stale-replication-slot.ts";
import { standbyDisconnected } from "./causes/standby-disconnected.ts";
import { standbyQueryConflicts } from "./causes/standby-query-conflicts.ts";
import { syncStandbyMissing } from "./causes/sync-standby-missing.ts";
import { tableBloat } from "./causes/table-bloat.ts";
import { tempFileSpill } from "./causes/temp-file-spill.ts";
import { tlsRequiredOrMismatched } from "./causes/tls-required-or-mismatched.ts";
import { unindexedForeignKey } from "./causes/unindexed-foreign-key.ts";
import { unusedIndexes } from "./causes/unused-indexes.ts";
import { vacuumBlocksDdl } from "./causes/vacuum-blocks-ddl.ts";
import { vacuumHeldBack } from "./causes/vacuum-held-back.ts";
import { walRemovedBeforeStandby } from "./causes/wal-removed-before-standby.ts";
import { walRetentionMisconfigured } from "./causes/wal-retention-misconfigured.ts";
import { wraparoundNear } from "./causes/wraparound-near.ts";
import { wrongPassword } from "./causes/wrong-password.ts";

/** Every cause, one line each. The order breaks ties: what a DBA would rule out first stands first. */
export const CAUSES: readonly Cause[] = [
  // Reaching it
  serverDown,
  serverStartingOrRecovering,
  serverShuttingDown,
  nameNotResolved,
  portUnreachableCause,
  certificateExpired,
  tlsRequiredOrMismatched,
  hbaRejectsCause,
  roleMissingCause,
  databaseMissingCause,
  wrongPassword,
  connectedToStandby,
  defaultReadOnlyCause,
  loginRefused,
  serverUnresponsive,
  // Connections
  leakedTransactions,
  idleSessionsPileUp,
  connectionSurge,
  connectionLimitTooLow,
  outOfConnectionSlots,
  // Locks
  ddlQueue,
  vacuumBlocksDdl,
  orphanedPreparedTransaction,
  idleTransactionBlocks,
  longStatementBlocks,
  advisoryLockHeld,
  lockOrderDeadlocks,
  hotRowContention,
  // Vacuum
  vacuumHeldBack,
  autovacuumDisabled,
  autovacuumTooSlow,
  wraparoundNear,
  multixactWraparoundNear,
  tableBloat,
  // Queries
  tempFileSpill,
  unindexedForeignKey,
  invalidIndex,
  redundantIndexes,
  unusedIndexes,
  // WAL and checkpoints
  archivingFails,
  staleReplicationSlot,
  walRetentionMisconfigured,
  maxWalSizeTooSmall,
  bgwriterMisconfigured,
  // Replication
  syncStandbyMissing,
  walRemovedBeforeStandby,
  replayPaused,
  standbyQueryConflicts,
  replicaTooSlow,
  standbyDisconnected,
  logicalApplyFails,
  // Capacity
  sequenceExhausted,
  integerKeyNearLimit,
  // Integrity and configuration
  checksumFailures,
  durabilitySwitchedOff,
  configFileInvalid,
  restartPending,
  observabilityMissing,
];
