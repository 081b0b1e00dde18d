import { size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** What CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY left when it failed; one that is being built is not trouble. */
export const indexInvalid = defineRule({
  id: "pg-index-invalid",
  title: "An index is invalid",
  why: "Queries cannot use it, every write still maintains it, and a unique one enforces nothing reliably.",
  gravest: "warning",
  needs: ["pg.indexes"],

  judge({ "pg.indexes": { invalid } }) {
    return invalid
      .filter(({ beingBuilt }) => !beingBuilt)
      .map((index) => ({
        severity: "warning" as const,
        object: { kind: "index" as const, schema: index.schema, name: index.name, table: index.table },
        summary: `${index.unique ? "unique index" : "index"} ${index.schema}.${index.name} on ${index.table} (${index.columns.join(", ")})${index.sizeBytes === 0 ? "" : `, ${size(index.sizeBytes)},`} is invalid`,
        facts: {
          table: index.table,
          columns: index.columns,
          method: index.method,
          unique: index.unique,
          backsConstraint: index.backsConstraint,
          sizeBytes: index.sizeBytes,
        },
      }));
  },

  clear: ({ "pg.indexes": { total, invalid } }) => `${total} indexes, ${invalid.length} being built, none left invalid`,
});
