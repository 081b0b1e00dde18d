import { type Claim, defineCause } from "../cause.ts";
import { identifier, literal } from "../quoted.ts";

/** Tools that read everything under one snapshot, for as long as it takes: ending one throws its work away. */
const MAINTENANCE = /^(pg_dump|pg_dumpall|pg_restore|pg_basebackup|vacuumdb|reindexdb|pg_receivewal|pg_recvlogical)/u;

/** One holder, one cause: each has its own remedy. */
export const vacuumHeldBack = defineCause({
  id: "vacuum-held-back",
  title: "Vacuum is held back by an old snapshot",
  proof: ["pg-vacuum-held-back"],
  explains: ["pg-dead-rows", "pg-freeze-held-back", "pg-table-bloat"],
  refutedBy: [],
  // A horizon that is merely old leaves dead rows; that a table is empty has another story.
  explainsOnly: ({ rule }, { facts }) => rule !== "pg-table-bloat" || Number(facts["stuckRows"]) > 0,
  remedies: [
    {
      tool: "pg_cancel_query",
      effect: "write",
      say: (claim) => `Cancel the statement of session ${pidOf(claim)}: its snapshot goes with it`,
      arguments: (claim) => (claim.lead.facts["state"] === "active" ? sessionOf(claim) : null),
    },
    {
      tool: "pg_terminate_session",
      effect: "destroy",
      say: (claim) => `Terminate session ${pidOf(claim)}: its transaction is rolled back, and vacuum may go on`,
      arguments: (claim) => sessionOf(claim),
    },
  ],
  advice: (claim) => [...endIt(claim), "Afterwards: vacuum (verbose) the tables named here, or wait for autovacuum's next round."],
});

function pidOf({ object }: Claim): number {
  return object?.kind === "session" ? object.pid : 0;
}

function sessionOf({ object }: Claim): { pid: number; backendStart: string } | null {
  if (object?.kind !== "session" || MAINTENANCE.test(object.application ?? "")) return null;
  return { pid: object.pid, backendStart: object.backendStart };
}

function endIt({ object, lead }: Claim): string[] {
  switch (object?.kind) {
    case "session":
      return MAINTENANCE.test(object.application ?? "")
        ? [`"${object.application}" reads under one snapshot: let it finish, and move it to a standby or to quieter hours.`]
        : [
            object.role === undefined
              ? "Set idle_in_transaction_session_timeout, so that no session holds a snapshot while it does nothing."
              : `So that it does not come back: alter role ${identifier(object.role)} set idle_in_transaction_session_timeout = '60s'; -- for new sessions`,
          ];
    case "prepared-transaction":
      return [
        `In database "${object.database}": rollback prepared ${literal(object.gid)}; or commit prepared ${literal(object.gid)}; whichever its transaction manager says.`,
      ];
    case "slot":
      if (lead.facts["active"] !== true)
        return [`When nothing needs the slot any more: select pg_drop_replication_slot(${literal(object.name)});`];
      return lead.facts["catalogOnly"] === true
        ? [
            `The consumer of slot "${object.name}" does not confirm what it has read: look there; the catalogs cannot be vacuumed past its position.`,
          ]
        : [`On the standby behind slot "${object.name}": end its long-running query, or set hot_standby_feedback = off there.`];
    case "standby":
      return [`On standby "${object.application}": end its long-running query, or set hot_standby_feedback = off there.`];
    default:
      return [];
  }
}
