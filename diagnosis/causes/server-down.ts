import { defineCause } from "../cause.ts";

export const serverDown = defineCause({
  id: "server-down",
  title: "The server does not run, or not at this address",
  proof: ["pg-nothing-listens"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["port-unreachable", "name-not-resolved", "server-starting-or-recovering"],
  remedies: [],

  advice: () => [
    "See on the host whether PostgreSQL runs (systemctl status postgresql, docker ps, kubectl get pods) and what the last lines of its log say",
    "Where it runs: compare its port and listen_addresses with the address of this target",
  ],
});
