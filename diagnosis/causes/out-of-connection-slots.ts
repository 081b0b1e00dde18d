import { defineCause } from "../cause.ts";

export const outOfConnectionSlots = defineCause({
  id: "out-of-connection-slots",
  title: "All connection slots are taken, by whom cannot be told",
  proof: ["pg-slots-holder-unknown"],
  explains: ["pg-connections-exhausted"],
  refutedBy: [],
  remedies: [],

  advice: () => [
    "Log in as a superuser, for whom superuser_reserved_connections are kept (default 3), and look: select application_name, usename, state, count(*) from pg_stat_activity group by 1, 2, 3 order by 4 desc;",
    "From 16 on, grant pg_use_reserved_connections to the role that diagnoses and set reserved_connections, so that it can look next time; and pg_monitor, so that it sees states",
  ],
});
