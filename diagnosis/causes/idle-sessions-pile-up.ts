import { defineCause } from "../cause.ts";
import { numberOf } from "../session-remedies.ts";
import { isHeldByIdle } from "../slot-holders.ts";

export const idleSessionsPileUp = defineCause({
  id: "idle-sessions-pile-up",
  title: "Connection pools are larger than the work",
  proof: ["pg-slots-held-by-idle"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached"],
  refutedBy: [],
  explainsOnly: isHeldByIdle,
  remedies: [],

  advice({ lead: { facts } }) {
    return [
      `Make the pools smaller: ${numberOf(facts, "active")} of ${numberOf(facts, "total")} sessions are at work. Count all instances of the application times the size of each pool`,
      "Or put a pooler in transaction mode (PgBouncer) between the application and the server",
      "From 14 on, idle_session_timeout ends sessions that nobody uses; not behind a pooler",
    ];
  },
});
