import { defineCause } from "../cause.ts";
import { qualified } from "../quoted.ts";

export const unusedIndexes = defineCause({
  id: "unused-indexes",
  title: "A table has large indexes that no query uses",
  proof: ["pg-index-unused"],
  explains: [],
  refutedBy: [],
  atMost: "advice",
  remedies: [],
  advice: ({ lead }) => [
    `Look first whether a month-end's or a year-end's work needs them${Number(lead.facts["standbys"] ?? 0) > 0 ? ", and whether a standby's queries do: each standby counts for itself" : ""}.`,
    ...lead.about.flatMap((object) => (object.kind === "index" ? [`drop index concurrently ${qualified(object)};`] : [])),
  ],
});
