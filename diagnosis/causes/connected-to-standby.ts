import { defineCause } from "../cause.ts";

export const connectedToStandby = defineCause({
  id: "connected-to-standby",
  title: "Writers are connected to a standby",
  proof: ["pg-writes-refused-in-recovery"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["default-read-only"],
  remedies: [],

  advice: () => [
    "Connect to the primary: the address, Service or virtual IP that the application uses may have stayed behind at a failover. libpq and JDBC find it themselves with several hosts and target_session_attrs=read-write (targetServerType=primary)",
    "Promote this server only after you have made sure that the old primary is gone for good: two primaries are worse than none",
  ],
});
