import { size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** A smaller table is read in milliseconds. */
const MIN_BYTES = 8 * 1_048_576;
/** What the searches read in a second, before it is somebody's task this week. */
const MUCH_BYTES_PER_SECOND = 100 * 1_048_576;

/**
 * Each delete in the referenced table reads the whole referencing one. Only what is deleted now counts: without deletes
 * such an index would be a cost and no gain. Updates of other columns than the key search nothing and are left aside.
 */
export const foreignKeyUnindexed = defineRule({
  id: "pg-foreign-key-unindexed",
  title: "Deletes search a large table without an index",
  why: "PostgreSQL looks for referencing rows on every delete; without an index it reads the whole table each time, under locks.",
  gravest: "warning",
  needs: ["pg.indexes"],
  wants: ["pg.tables"],

  judge({ "pg.indexes": { unindexedForeignKeys }, "pg.tables": tables }) {
    return unindexedForeignKeys.flatMap((key) => {
      const table = tables?.tables.find(({ schema, name }) => schema === key.schema && name === key.name);
      if (key.sizeBytes < MIN_BYTES || key.referencedDeletesPerSecond <= 0 || table?.seqScansPerSecond === 0) return [];
      const bytesPerSecond = key.sizeBytes * key.referencedDeletesPerSecond;
      return [
        {
          severity: bytesPerSecond >= MUCH_BYTES_PER_SECOND ? ("warning" as const) : ("advice" as const),
          object: { kind: "relation" as const, schema: key.schema, name: key.name },
          summary: `${perSecond(key.referencedDeletesPerSecond)} deletes/s in ${key.references.schema}.${key.references.name} each read all ${size(key.sizeBytes)} of ${key.schema}.${key.name}: its foreign key "${key.constraint}" (${key.columns.join(", ")}) has no index`,
          facts: {
            constraint: key.constraint,
            columns: key.columns,
            references: `${key.references.schema}.${key.references.name}`,
            sizeBytes: key.sizeBytes,
            referencedDeletesPerSecond: key.referencedDeletesPerSecond,
            seqScansPerSecond: table?.seqScansPerSecond ?? null,
          },
        },
      ];
    });
  },

  clear: ({ "pg.indexes": { unindexedForeignKeys } }) =>
    `${unindexedForeignKeys.length} foreign keys have no index, and no deletes that would need one`,
});

function perSecond(rate: number): string {
  return rate >= 10 ? String(Math.round(rate)) : rate.toFixed(1);
}
