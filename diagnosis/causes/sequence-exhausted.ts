import { defineCause } from "../cause.ts";
import { identifier, qualified } from "../quoted.ts";

export const sequenceExhausted = defineCause({
  id: "sequence-exhausted",
  title: "A sequence runs out of values",
  proof: ["pg-sequence-near-limit"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice({ object, lead }) {
    if (object?.kind !== "sequence") return [];
    const column = lead.about.find((one) => one.kind === "column");
    const sequence = `alter sequence ${qualified(object)} as bigint;`;
    if (column?.kind !== "column") return [`${sequence} and check what its values are stored in.`];
    const table = qualified({ schema: column.schema, name: column.table });
    return lead.facts["columnType"] === "bigint"
      ? [`${sequence} its column ${table}.${identifier(column.name)} is bigint already.`]
      : [
          `alter table ${table} alter column ${identifier(column.name)} type bigint; ${sequence} rewrites the table under an exclusive lock: for a large one, add a bigint column, fill it in batches, and swap.`,
          "To win time where negative keys do no harm: let the sequence go downwards from -1.",
        ];
  },
});
