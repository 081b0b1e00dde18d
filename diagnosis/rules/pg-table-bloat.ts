import type { Table } from "../evidence/pg-storage.ts";
import { grouped, size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** Less than this is not worth a rewrite of the table. */
const MIN_BLOAT_BYTES = 32 * 1_048_576;
const MIN_SHARE = 0.5;
/** From here on it costs cache and backup time that somebody pays for. */
const MUCH_BYTES = 1_073_741_824;
/** More dead rows than this share, and the space is still taken: that is pg-dead-rows, not bloat. */
const DEAD_SHARE = 0.2;

/** Space that is free inside the table and stays so: the estimate by row widths, with fillfactor's reserve taken off. */
export const tableBloat = defineRule({
  id: "pg-table-bloat",
  title: "A table is mostly empty space",
  why: "Sequential scans, backups and caches pay for pages that hold nothing.",
  gravest: "warning",
  needs: ["pg.tables"],

  judge({ "pg.tables": { tables } }) {
    return tables.flatMap((table) => {
      const bloat = bloatOf(table);
      const isDead = table.deadRows > DEAD_SHARE * (table.liveRows + table.deadRows);
      if (bloat < MIN_BLOAT_BYTES || bloat < table.sizeBytes * MIN_SHARE || isDead) return [];
      return [
        {
          severity: bloat >= MUCH_BYTES ? ("warning" as const) : ("advice" as const),
          object: { kind: "relation" as const, schema: table.schema, name: table.name },
          summary: `about ${size(bloat)} of the ${size(table.sizeBytes)} of ${table.schema}.${table.name} are empty (${grouped(table.liveRows)} live, ${grouped(table.deadRows)} dead rows)`,
          facts: { estimatedBloatBytes: bloat, sizeBytes: table.sizeBytes, liveRows: table.liveRows, deadRows: table.deadRows },
        },
      ];
    });
  },

  clear: ({ "pg.tables": { tables } }) => `the largest estimate of empty space in a table is ${size(Math.max(0, ...tables.map(bloatOf)))}`,
});

/** The estimate knows nothing of fillfactor; capped at the table's size, whatever the estimate says. */
function bloatOf({ estimatedBloatBytes, sizeBytes, options }: Table): number {
  const fillfactor = options.map((option) => /^fillfactor=(\d+)$/u.exec(option)?.[1]).find((value) => value !== undefined);
  const reserved = fillfactor === undefined ? 0 : sizeBytes * (1 - Number(fillfactor) / 100);
  return Math.max(0, Math.min(estimatedBloatBytes ?? 0, sizeBytes) - reserved);
}
