import { defineCause } from "../cause.ts";
import { identifier } from "../quoted.ts";
import type { Facts } from "../rule.ts";
import { applicationOf, roleOf, terminateRoot, textOf } from "../session-remedies.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const idleTransactionBlocks = defineCause({
  id: "idle-transaction-blocks",
  title: "An open transaction that does nothing blocks others",
  proof: ["pg-lock-root-idle"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached", "pg-vacuum-held-back"],
  refutedBy: [],
  mistakenFor: ["long-statement-blocks", "ddl-queue", "lock-order-deadlocks", "hot-row-contention"],
  explainsOnly: isExhaustedByWaiters,
  remedies: [
    terminateRoot(
      ({ lead: { facts } }) =>
        `End the session: its transaction is rolled back${facts["rootHasWritten"] === true ? " with what it has written" : ""}, and ${whoGoesOn(facts)}. A cancel would do nothing, it runs no statement`,
    ),
  ],

  advice(claim) {
    const role = roleOf(claim);
    return [
      `Find out what "${applicationOf(claim)}" waits for inside its transaction: a person at a prompt, another service, an error path without ROLLBACK. Its last statement: ${textOf(claim.lead.facts, "rootQuery")}`,
      ...(role === null ? [] : [`alter role ${identifier(role)} set idle_in_transaction_session_timeout = '60s'; -- for new sessions`]),
    ];
  },
});

function whoGoesOn(facts: Facts): string {
  const others = facts["otherRootPids"];
  if (Array.isArray(others) && others.length > 0)
    return `those who wait go on when the others that hold them up have ended, too (pid ${others.join(", ")})`;
  return `those who wait ${facts["blocksAlone"] === false ? "for nobody else " : ""}go on`;
}
