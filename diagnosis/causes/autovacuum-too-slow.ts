import { defineCause } from "../cause.ts";

export const autovacuumTooSlow = defineCause({
  id: "autovacuum-too-slow",
  title: "Autovacuum is too slow for what is written",
  proof: ["pg-autovacuum-saturated"],
  explains: ["pg-dead-rows", "pg-table-bloat", "pg-wraparound-near", "pg-multixact-wraparound-near"],
  refutedBy: [],
  remedies: [],
  advice: ({ object }) =>
    object?.kind === "setting" && object.name === "autovacuum_max_workers"
      ? [
          "Raise autovacuum_max_workers (before 18 this needs a restart), and autovacuum_vacuum_cost_limit with it: workers share the limit.",
          "Vacuum the worst tables by hand now; a manual VACUUM is not throttled unless vacuum_cost_delay is set.",
        ]
      : [
          "alter system set autovacuum_vacuum_cost_limit = 2000; select pg_reload_conf(); then watch the disk's load and go on from there.",
          "Vacuum the worst tables by hand now; a manual VACUUM is not throttled unless vacuum_cost_delay is set.",
        ],
});
