import { defineCause } from "../cause.ts";
import { identifier, qualified } from "../quoted.ts";

export const unindexedForeignKey = defineCause({
  id: "unindexed-foreign-key",
  title: "A foreign key without an index makes deletes read a whole table",
  proof: ["pg-foreign-key-unindexed"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice({ object, lead }) {
    const columns = lead.facts["columns"];
    if (object?.kind !== "relation" || !Array.isArray(columns)) return [];
    return [`create index concurrently on ${qualified(object)} (${columns.map((column) => identifier(String(column))).join(", ")});`];
  },
});
