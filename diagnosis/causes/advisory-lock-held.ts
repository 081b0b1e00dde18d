import { defineCause } from "../cause.ts";
import type { Facts } from "../rule.ts";
import { applicationOf, terminateRoot, textOf } from "../session-remedies.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const advisoryLockHeld = defineCause({
  id: "advisory-lock-held",
  title: "A session keeps an advisory lock that others wait for",
  proof: ["pg-lock-root-advisory"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached"],
  refutedBy: [],
  mistakenFor: ["idle-transaction-blocks", "lock-order-deadlocks"],
  explainsOnly: isExhaustedByWaiters,
  remedies: [terminateRoot(({ lead: { facts } }) => `End the session: the lock goes with it. A cancel would ${whatACancelDoes(facts)}`)],

  advice(claim) {
    return [
      `Look in "${applicationOf(claim)}" for where advisory lock ${textOf(claim.lead.facts, "advisoryKey")} is taken: release it on every path${textOf(claim.lead.facts, "rootState").startsWith("idle in transaction") ? ", and end the transaction, which holds it if pg_advisory_xact_lock took it" : ", or take it with pg_advisory_xact_lock so that the transaction's end does"}`,
      "Behind a pooler in transaction mode a session's advisory lock stays with whatever server connection took it",
    ];
  },
});

/** PostgreSQL does not tell a session's advisory lock from a transaction's; outside of a transaction it is the session's. */
function whatACancelDoes(facts: Facts): string {
  return facts["rootState"] === "active"
    ? "free it only if it was taken for the transaction (pg_advisory_xact_lock): a session's outlives its statements"
    : "do nothing, it runs no statement";
}
