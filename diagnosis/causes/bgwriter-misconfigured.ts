import { defineCause } from "../cause.ts";

export const bgwriterMisconfigured = defineCause({
  id: "bgwriter-misconfigured",
  title: "The background writer may not write enough",
  proof: ["pg-bgwriter-starved"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice: () => ["alter system reset bgwriter_lru_maxpages; select pg_reload_conf(); the default is 100, busy servers use more."],
});
