import { defineCause } from "../cause.ts";

export const serverShuttingDown = defineCause({
  id: "server-shutting-down",
  title: "The server is being shut down",
  proof: ["pg-shutting-down"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["server-down", "server-starting-or-recovering"],
  remedies: [],

  advice: () => [
    "Find out who stops it: an administrator, a package upgrade, a failover, an orchestrator",
    "A smart shutdown waits until the last session has left: pg_ctl stop -m fast ends it",
  ],
});
