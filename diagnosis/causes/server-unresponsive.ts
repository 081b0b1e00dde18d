import { defineCause } from "../cause.ts";

export const serverUnresponsive = defineCause({
  id: "server-unresponsive",
  title: "Something accepts connections on the port, and no PostgreSQL answers",
  proof: ["pg-server-does-not-answer"],
  explains: ["pg-connection-failed"],
  refutedBy: [],
  mistakenFor: ["server-down", "port-unreachable", "server-starting-or-recovering"],
  remedies: [],

  advice: () => [
    "See on the host what listens on the port (ss -ltnp) and, where it is PostgreSQL, in what state its processes are: T is stopped, D waits for a disk or a file server that does not answer",
    "Where a proxy or a load balancer stands before the server: see whether it has a healthy server behind it",
    "A postmaster that is stuck takes no shutdown: find out what it waits for before it is killed",
  ],
});
