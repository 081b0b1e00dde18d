import { defineCause } from "../cause.ts";
import { identifier, qualified } from "../quoted.ts";

export const integerKeyNearLimit = defineCause({
  id: "integer-key-near-limit",
  title: "An integer key column runs out of values",
  proof: ["pg-integer-key-near-limit"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice: ({ object }) =>
    object?.kind === "column"
      ? [
          `alter table ${qualified({ schema: object.schema, name: object.table })} alter column ${identifier(object.name)} type bigint; rewrites the table under an exclusive lock: for a large one, add a bigint column, fill it in batches, and swap. Columns that refer to it need the same.`,
        ]
      : [],
});
