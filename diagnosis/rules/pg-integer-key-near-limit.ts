import { grouped } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

const NOTE_RATIO = 0.75;
const NEAR_RATIO = 0.9;

/** Key columns that no sequence of this database fills: the application or another server counts, and the type has the limit. */
export const integerKeyNearLimit = defineRule({
  id: "pg-integer-key-near-limit",
  title: "An integer key column runs out of values",
  why: 'At the type\'s limit every insert fails with "integer out of range".',
  gravest: "warning",
  needs: ["pg.sequences"],

  judge({ "pg.sequences": { keys } }) {
    return keys.flatMap((key) => {
      if (key.usedRatio < NOTE_RATIO) return [];
      return [
        {
          severity: key.usedRatio >= NEAR_RATIO ? ("warning" as const) : ("advice" as const),
          object: { kind: "column" as const, schema: key.schema, table: key.name, name: key.column },
          summary: `${key.schema}.${key.name}.${key.column} (${key.type}) has reached ${grouped(key.highest)} of ${grouped(key.limit)} (${(Math.floor(key.usedRatio * 1_000) / 10).toFixed(1)} %) by the planner's statistics`,
          facts: { type: key.type, highest: key.highest, limit: key.limit, usedRatio: key.usedRatio },
        },
      ];
    });
  },

  clear: ({ "pg.sequences": { keys } }) =>
    `the fullest of ${keys.length} integer keys without a sequence is at ${(Math.max(0, ...keys.map(({ usedRatio }) => usedRatio)) * 100).toFixed(1)} %`,
});
