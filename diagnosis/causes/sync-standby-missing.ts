import { defineCause } from "../cause.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const syncStandbyMissing = defineCause({
  id: "sync-standby-missing",
  title: "Commits wait for a synchronous standby that is not there",
  proof: ["pg-sync-standby-missing"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached", "pg-lock-root-commit-waits"],
  explainsOnly: isExhaustedByWaiters,
  refutedBy: [],
  remedies: [],
  advice: () => [
    "Bring the standby back; its name in synchronous_standby_names must be its application_name.",
    "Until then, to let commits go on without it: alter system set synchronous_standby_names = ''; select pg_reload_conf(); sessions that wait are released at once. What is committed meanwhile is on one machine only.",
  ],
});
