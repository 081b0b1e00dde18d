import { defineCause } from "../cause.ts";

export const replicaTooSlow = defineCause({
  id: "replica-too-slow",
  title: "The standby cannot replay as fast as the primary writes",
  proof: ["pg-replay-behind"],
  explains: ["pg-standby-lags"],
  refutedBy: ["pg-replay-paused"],
  remedies: [],
  advice: () => [
    "Replay is one process: look at its CPU and at the disk of the standby; recovery_prefetch (15 and later) and a larger shared_buffers help with reads.",
    "Spread bulk changes on the primary over time, or give the standby hardware like the primary's.",
  ],
});
