import { defineCause } from "../cause.ts";
import { applicationOf, terminateRoot, textOf } from "../session-remedies.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const advisoryLockHeld = defineCause({
  id: "advisory-lock-held",
  title: "A session keeps an advisory lock that others wait for",
  proof: ["pg-lock-root-advisory"],
  explains: ["pg-connections-exhausted"],
  refutedBy: [],
  mistakenFor: ["idle-transaction-blocks", "lock-order-deadlocks"],
  explainsOnly: isExhaustedByWaiters,
  remedies: [
    terminateRoot(
      () => "End the session: the lock goes with it. A cancel would not, an advisory lock of a session outlives its statements",
    ),
  ],

  advice(claim) {
    return [
      `Look in "${applicationOf(claim)}" for where advisory lock ${textOf(claim.lead.facts, "advisoryKey")} is taken: release it on every path, or take it with pg_advisory_xact_lock so that the transaction's end does`,
      "Behind a pooler in transaction mode a session's advisory lock stays with whatever server connection took it",
    ];
  },
});
