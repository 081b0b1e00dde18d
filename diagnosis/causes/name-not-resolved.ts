import { defineCause } from "../cause.ts";

export const nameNotResolved = defineCause({
  id: "name-not-resolved",
  title: "The host name does not resolve",
  proof: ["pg-name-not-resolved"],
  explains: [],
  refutedBy: [],
  remedies: [],

  advice: () => ["Check the spelling in the inventory, then the name server: the name may exist only inside a cluster or a VPN"],
});
