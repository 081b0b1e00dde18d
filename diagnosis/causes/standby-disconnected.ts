import { defineCause } from "../cause.ts";

export const standbyDisconnected = defineCause({
  id: "standby-disconnected",
  title: "The standby is not connected to its primary",
  proof: ["pg-receiver-missing"],
  explains: ["pg-standby-lags"],
  refutedBy: [],
  remedies: [],
  advice: ({ lead }) => [
    'The standby\'s log says why the receiver ends: address, password, pg_hba.conf, a missing slot, or "requested WAL segment has already been removed", after which it has to be built anew.',
    ...(typeof lead.facts["slot"] === "string" ? [`Look on the primary whether slot "${lead.facts["slot"]}" exists and is not lost.`] : []),
  ],
});
