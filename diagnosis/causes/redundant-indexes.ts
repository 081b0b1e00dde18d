import { defineCause } from "../cause.ts";
import { qualified } from "../quoted.ts";

export const redundantIndexes = defineCause({
  id: "redundant-indexes",
  title: "A table has indexes that another index covers",
  proof: ["pg-index-redundant"],
  explains: [],
  refutedBy: [],
  atMost: "advice",
  remedies: [],
  advice: ({ lead }) => lead.about.flatMap((object) => (object.kind === "index" ? [`drop index concurrently ${qualified(object)};`] : [])),
});
