import { defineCause } from "../cause.ts";
import { cancelRoot, terminateRoot, textOf } from "../session-remedies.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const longStatementBlocks = defineCause({
  id: "long-statement-blocks",
  title: "A long statement or transaction holds locks that others need",
  proof: ["pg-lock-root-active"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached", "pg-vacuum-held-back"],
  refutedBy: [],
  mistakenFor: ["idle-transaction-blocks", "ddl-queue", "lock-order-deadlocks", "hot-row-contention"],
  explainsOnly: isExhaustedByWaiters,
  remedies: [
    cancelRoot(
      () =>
        "Cancel its statement: the error aborts its transaction, unless it runs under a savepoint, and frees the locks; its work is lost",
    ),
    terminateRoot(({ lead: { facts } }) =>
      facts["rootState"] === "active" && facts["rootWaitEvent"] !== "ClientWrite"
        ? "End the session where a cancel did not free the locks"
        : "End the session: its transaction is rolled back. A cancel would not reach it as it is now",
    ),
  ],

  advice(claim) {
    return [
      `See whether the statement can be made shorter or split into batches that commit: ${textOf(claim.lead.facts, "rootQuery")}`,
      "Let the others give up early: set lock_timeout for the roles that serve requests",
    ];
  },
});
