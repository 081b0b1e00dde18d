import { defineCause } from "../cause.ts";
import { literal } from "../quoted.ts";
import { textOf } from "../session-remedies.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const orphanedPreparedTransaction = defineCause({
  id: "orphaned-prepared-transaction",
  title: "A prepared transaction was left behind",
  proof: ["pg-prepared-transaction-left-behind"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached", "pg-vacuum-held-back", "pg-lock-root-unknown"],
  refutedBy: [],
  mistakenFor: ["idle-transaction-blocks"],
  // PostgreSQL names no process where a prepared transaction blocks.
  explainsOnly: (symptom) => (symptom.rule === "pg-lock-root-unknown" ? symptom.facts["rootPid"] === 0 : isExhaustedByWaiters(symptom)),
  remedies: [],

  advice({ lead: { facts } }) {
    const gid = literal(textOf(facts, "gid"));
    return [
      "Ask the transaction manager first whether the others of this distributed transaction were committed: then it must be committed here, too",
      `In database ${textOf(facts, "database")}, as ${textOf(facts, "owner")} or a superuser: rollback prepared ${gid}; -- or: commit prepared ${gid};`,
      "Where nothing uses two-phase commit, set max_prepared_transactions = 0 (needs a restart)",
    ];
  },
});
