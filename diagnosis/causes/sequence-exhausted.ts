import { defineCause } from "../cause.ts";
import { identifier, qualified } from "../quoted.ts";
import type { Facts } from "../rule.ts";
import { numberOf } from "../session-remedies.ts";

export const sequenceExhausted = defineCause({
  id: "sequence-exhausted",
  title: "A sequence runs out of values",
  proof: ["pg-sequence-near-limit"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice({ object, lead }) {
    if (object?.kind !== "sequence") return [];
    if (isBounded(lead.facts)) {
      const bound = numberOf(lead.facts, "increment") < 0 ? "minvalue" : "maxvalue";
      return [
        `Its own ${bound.toUpperCase()} ends it before its type does. Where nothing relies on that: alter sequence ${qualified(object)} no ${bound};`,
      ];
    }
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

const BITS = new Map([
  ["smallint", 15],
  ["integer", 31],
  ["bigint", 63],
]);

/** It ends short of what its type, and its column's, could hold. */
function isBounded(facts: Facts): boolean {
  const bits = ["type", "columnType"].flatMap((name) => BITS.get(String(facts[name])) ?? []);
  return bits.length > 0 && Math.abs(numberOf(facts, "limit")) < 2 ** Math.min(...bits) - 1;
}
