import { defineCause } from "../cause.ts";
import { cancelRoot, cancelWaitingStatement, numberOf, textOf } from "../session-remedies.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const vacuumBlocksDdl = defineCause({
  id: "vacuum-blocks-ddl",
  title: "A vacuum holds up a change of its table, and everyone behind that",
  proof: ["pg-lock-root-vacuum"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached"],
  refutedBy: [],
  mistakenFor: ["idle-transaction-blocks", "long-statement-blocks"],
  explainsOnly: isExhaustedByWaiters,
  remedies: [
    cancelWaitingStatement(
      ({ lead: { facts } }) =>
        `Cancel the waiting statement of session ${numberOf(facts, "ddlPid")}: everyone behind it goes on, and the vacuum, which is needed, comes to its end`,
    ),
    cancelRoot(() => "Or cancel the VACUUM: what it has done stays done, and it can be run again later"),
  ],

  advice({ lead: { facts } }) {
    const table = textOf(facts, "relation");
    return facts["toPreventWraparound"] === true
      ? [
          `Do not end this worker again and again: it prevents transaction id wraparound of ${table}, and begins anew each time`,
          "Let it run faster, then change the table: alter system set autovacuum_vacuum_cost_delay = 0; select pg_reload_conf();",
        ]
      : [
          `Change ${table} with a short lock_timeout and try again until it gets through, outside of the hours in which it is vacuumed by hand`,
        ];
  },
});
