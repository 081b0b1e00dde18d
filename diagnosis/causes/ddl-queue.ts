import { defineCause } from "../cause.ts";
import type { Facts } from "../rule.ts";
import { cancelRoot, cancelWaitingStatement, numberOf, terminateRoot, textOf } from "../session-remedies.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const ddlQueue = defineCause({
  id: "ddl-queue",
  title: "A statement that waits for an exclusive lock stops everyone behind it",
  proof: ["pg-lock-ddl-queue"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached", "pg-vacuum-held-back"],
  refutedBy: [],
  mistakenFor: ["idle-transaction-blocks", "long-statement-blocks", "lock-order-deadlocks"],
  explainsOnly: isExhaustedByWaiters,
  remedies: [
    cancelWaitingStatement(
      ({ lead: { facts } }) =>
        `Cancel the waiting statement of session ${numberOf(facts, "ddlPid")}: those behind it go on at once, and nothing is lost but the attempt`,
    ),
    cancelRoot(
      ({ lead: { facts } }) =>
        `Or, when the change is urgent, cancel the statement that it waits for: that work is lost, ${afterRoot(facts)}`,
    ),
    terminateRoot(
      ({ lead: { facts } }) =>
        `Or, when the change is urgent, end the session that it waits for (${textOf(facts, "rootState")}): its transaction is rolled back, ${afterRoot(facts)}`,
    ),
  ],

  advice({ lead: { facts } }) {
    return [
      "Run such changes with a short lock_timeout and try again until they get through: set lock_timeout = '2s';",
      `The waiting statement: ${textOf(facts, "ddlQuery")}`,
    ];
  },
});

function afterRoot(facts: Facts): string {
  const others = facts["otherRootPids"];
  return Array.isArray(others) && others.length > 0
    ? `and the change goes through when the others have ended, too (pid ${others.join(", ")}), then the queue`
    : "the change goes through, then the queue";
}
