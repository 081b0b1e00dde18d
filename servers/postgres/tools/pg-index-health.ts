import { z } from "zod";
import { type Index, PgIndexes } from "../../../diagnosis/evidence/pg-storage.ts";
import { duration, size } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { seen, skippedIn } from "../seen.ts";
import { figure } from "../text-table.ts";

const SAMPLING_SECONDS = 1;
const DEADLINE_SECONDS = 12;

export const indexHealth = defineTool({
  name: "pg_index_health",
  title: "Check the indexes",
  effect: "read",
  description:
    "Indexes that are invalid, redundant or never used, and foreign keys without an index, in the connected database. " +
    "Use when writes are slow, deletes hang, or an index build failed. Indexes behind constraints are never called redundant.",
  input: { limit: z.number().int().min(1).max(50).default(10).describe("For each list") },
  output: { ...PgIndexes.shape, truncated: z.boolean(), skipped: z.array(z.string()) },
  deadlineSeconds: () => DEADLINE_SECONDS,

  async run({ limit }, { collect }: Pick<PostgresContext, "collect">) {
    const snapshot = await collect({ only: ["pg.indexes"], seconds: SAMPLING_SECONDS });
    const all = seen(snapshot, "pg.indexes");
    const lists = [all.invalid, all.duplicates, all.unused, all.unindexedForeignKeys];
    return {
      ...all,
      invalid: all.invalid.slice(0, limit),
      duplicates: all.duplicates.slice(0, limit),
      unused: all.unused.slice(0, limit),
      unindexedForeignKeys: all.unindexedForeignKeys.slice(0, limit),
      truncated: lists.some((list) => list.length > limit),
      skipped: skippedIn(snapshot, "pg.indexes"),
    };
  },

  render({ database, total, statsAgeSeconds, invalid, duplicates, unused, unindexedForeignKeys, truncated, skipped }) {
    const counted = statsAgeSeconds === null ? "" : `, scans counted for ${duration(statsAgeSeconds)}`;
    return [
      `${total} indexes in ${database}${counted}${truncated ? "; there are more below, raise limit" : ""}.`,
      ...list(
        "Invalid, written and never read",
        invalid,
        (one) => `${nameOf(one)}${one.beingBuilt ? " (being built right now)" : `: drop index concurrently, then build it again`}`,
      ),
      ...list(
        "Redundant",
        duplicates,
        (one) => `${nameOf(one)}: ${one.isPrefixOnly ? "is the beginning of" : "is the same as"} ${one.keepsSchema}.${one.keeps}`,
      ),
      ...list("Never scanned", unused, nameOf),
      ...list("Foreign keys without an index", unindexedForeignKeys, (one) => {
        const writes = one.referencedDeletesPerSecond + one.referencedUpdatesPerSecond;
        const cost = writes === 0 ? "no writes on the referenced table now" : `${figure(writes)} writes/s there search it`;
        return `${one.constraint} on ${one.schema}.${one.name} (${one.columns.join(", ")}), ${size(one.sizeBytes)} → ${one.references.schema}.${one.references.name}: ${cost}`;
      }),
      ...skipped.map((what) => `Not seen: ${what}`),
    ].join("\n");
  },
});

function list<T>(title: string, rows: readonly T[], line: (row: T) => string): string[] {
  return rows.length === 0 ? [`${title}: none.`] : [`${title}:`, ...rows.map((row) => `  ${line(row)}`)];
}

function nameOf({ schema, name, table, method, columns, sizeBytes, unique }: Index): string {
  return `${schema}.${name} on ${table} using ${method} (${columns.join(", ")})${unique ? ", unique" : ""}, ${size(sizeBytes)}`;
}
