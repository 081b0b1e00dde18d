import { size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** What a table wastes on indexes that another one makes superfluous, before it is worth a word. */
const MIN_BYTES = 8 * 1_048_576;
const TABLES = 5;

/** One finding a table: who cleans up does it table by table. */
export const indexRedundant = defineRule({
  id: "pg-index-redundant",
  title: "A table has indexes that another index covers",
  why: "Each costs disk, cache and a share of every write, and answers nothing that the other would not.",
  gravest: "advice",
  needs: ["pg.indexes"],

  judge({ "pg.indexes": { duplicates } }) {
    const tables = Map.groupBy(duplicates, ({ schema, table }) => JSON.stringify([schema, table]));
    return [...tables.values()]
      .flatMap((group) => {
        const first = group[0];
        const bytes = group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        return first === undefined || bytes < MIN_BYTES ? [] : [{ first, group, bytes }];
      })
      .toSorted((a, b) => b.bytes - a.bytes)
      .slice(0, TABLES)
      .map(({ first, group, bytes }) => ({
        severity: "advice" as const,
        object: { kind: "relation" as const, schema: first.schema, name: first.table },
        about: group.map(({ schema, name, table }) => ({ kind: "index" as const, schema, name, table })),
        summary: `${first.schema}.${first.table} has ${group.length} redundant ${group.length === 1 ? "index" : "indexes"} (${size(bytes)}): ${group.map(({ name, keeps, isPrefixOnly }) => `${name} ${isPrefixOnly ? "is the beginning of" : "equals"} ${keeps}`).join(", ")}`,
        facts: {
          indexes: group.map(({ schema, name }) => `${schema}.${name}`),
          coveredBy: group.map(({ keepsSchema, keeps }) => `${keepsSchema}.${keeps}`),
          prefixOnly: group.filter(({ isPrefixOnly }) => isPrefixOnly).map(({ name }) => name),
          sizeBytes: bytes,
        },
      }));
  },

  clear: ({ "pg.indexes": { total, duplicates } }) => `${total} indexes, ${duplicates.length} small ones of which another index covers`,
});
