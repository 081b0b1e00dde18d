import { defineCause } from "../cause.ts";
import { identifier } from "../quoted.ts";
import { applicationOf, roleOf, textOf } from "../session-remedies.ts";
import { isHeldByParked } from "../slot-holders.ts";

export const leakedTransactions = defineCause({
  id: "leaked-transactions",
  title: "The application opens transactions and never ends them",
  proof: ["pg-idle-in-transaction"],
  explains: [
    "pg-connections-exhausted",
    "pg-connection-limit-reached",
    "pg-lock-root-idle",
    "pg-lock-ddl-queue",
    "pg-lock-root-advisory",
    "pg-vacuum-held-back",
  ],
  refutedBy: [],
  explainsOnly: isHeldByParked,
  remedies: [
    {
      tool: "pg_terminate_session",
      effect: "destroy",
      say: (claim) =>
        `End the session of ${applicationOf(claim) === "" ? "this client" : `"${applicationOf(claim)}"`} that has been parked longest; its transaction is rolled back, its slot and locks are free. Repeat for the others`,
      arguments({ lead: { facts } }) {
        const { oldestPid: pid, oldestBackendStart: backendStart } = facts;
        return typeof pid === "number" && typeof backendStart === "string" && backendStart !== "" ? { pid, backendStart } : null;
      },
    },
  ],

  advice(claim) {
    const { facts } = claim.lead;
    const role = roleOf(claim);
    return [
      `Find where "${applicationOf(claim)}" takes a connection and does not end the transaction on every path (an error between BEGIN and COMMIT, a call to another service in between); the last statement was: ${textOf(facts, "lastQuery")}`,
      ...(role === null
        ? []
        : [
            `alter role ${identifier(role)} set idle_in_transaction_session_timeout = '60s'; -- for new sessions: the server then ends what is parked longer`,
          ]),
    ];
  },
});
