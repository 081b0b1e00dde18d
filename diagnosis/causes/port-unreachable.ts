import { defineCause } from "../cause.ts";

export const portUnreachableCause = defineCause({
  id: "port-unreachable",
  title: "The address does not answer: filtered, or not there",
  proof: ["pg-port-unreachable"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["server-down", "name-not-resolved"],
  remedies: [],

  advice: () => ["Check firewall, security group, network policy and VPN between here and there, then whether the host is up"],
});
