import { defineCause } from "../cause.ts";
import { qualified } from "../quoted.ts";

export const tableBloat = defineCause({
  id: "table-bloat",
  title: "A table is mostly empty space",
  proof: ["pg-table-bloat"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice: ({ object }) =>
    object?.kind === "relation"
      ? [
          `The space is reused by new rows of the table. To give it back: vacuum full ${qualified(object)}; (locks the table for as long as the rewrite takes), or pg_repack, or pg_squeeze, which do not.`,
          `Confirm the estimate first: select * from pgstattuple_approx('${qualified(object).replaceAll("'", "''")}');`,
        ]
      : [],
});
