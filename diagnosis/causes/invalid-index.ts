import { defineCause } from "../cause.ts";
import { identifier, qualified } from "../quoted.ts";

export const invalidIndex = defineCause({
  id: "invalid-index",
  title: "An index build failed and left an invalid index",
  proof: ["pg-index-invalid"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice({ object, lead }) {
    if (object?.kind !== "index") return [];
    const leftover = /_ccnew\d*$|_ccold\d*$/u.test(object.name);
    const drop = `drop index concurrently ${qualified(object)};`;
    if (leftover) return [`It is what a failed REINDEX CONCURRENTLY left: ${drop}`];
    return [
      `reindex index concurrently ${qualified(object)}; or, when nobody needs it: ${drop}`,
      ...(lead.facts["unique"] === true
        ? [`It is unique: rows of ${identifier(object.schema)}.${identifier(object.table)} that repeat a key have to go first.`]
        : []),
    ];
  },
});
