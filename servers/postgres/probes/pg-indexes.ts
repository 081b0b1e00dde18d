import type { Index, PgIndexes } from "../../../diagnosis/evidence/pg-storage.ts";
import { ratePerSecond } from "../counters.ts";
import { CannotLook, defineProbe, type ProbeContext } from "../probe.ts";
import {
  type ForeignKeyRow,
  type IndexRow,
  selectIndexTotals,
  selectInvalidIndexes,
  selectRedundantIndexes,
  selectUnindexedForeignKeys,
  selectUnusedIndexes,
  selectWrites,
  type WritesRow,
} from "../queries/indexes.ts";

const CAP = 50;
/** Unindexed foreign keys whose referenced tables are watched; those with the most writes stay. */
const WATCHED_KEYS = 300;
/** A pass over 100,000 indexes takes a fifth of a second of one core; on a busy server that can be a second. */
const PASS_TIMEOUT_MS = 4000;

interface First {
  readonly keys: readonly ForeignKeyRow[];
  readonly writes: ReadonlyMap<number, WritesRow>;
}

/** Invalid, redundant and unused indexes, and foreign keys without one. Opens no relation. */
export const indexes = defineProbe({
  id: "pg.indexes",

  async begin(context): Promise<First> {
    const keys = await selectUnindexedForeignKeys(context.withTimeout(PASS_TIMEOUT_MS), WATCHED_KEYS);
    return { keys, writes: await writesOn(context, keys) };
  },

  async run(context, first: First, elapsedSeconds): Promise<PgIndexes> {
    const sql = context.withTimeout(PASS_TIMEOUT_MS);
    const [totals] = await selectIndexTotals(sql);
    if (totals === undefined) throw new CannotLook("failed", "pg_index could not be summarised", "");
    const writes = await writesOn(context, first.keys);
    const rates = new Map(
      [...writes].map(([oid, now]) => {
        const before = first.writes.get(oid);
        return [
          oid,
          {
            referencedDeletesPerSecond: ratePerSecond(before?.deleted, now.deleted, elapsedSeconds),
            referencedUpdatesPerSecond: ratePerSecond(before?.updatedNotHot, now.updatedNotHot, elapsedSeconds),
          },
        ];
      }),
    );
    return {
      database: context.server.database,
      ...totals,
      invalid: (await selectInvalidIndexes(sql, CAP)).map(({ beingBuilt, ...row }) => ({ ...describe(row), beingBuilt })),
      duplicates: (await selectRedundantIndexes(sql, CAP)).map(({ keeps, keepsSchema, isPrefixOnly, ...row }) => ({
        ...describe(row),
        keeps,
        keepsSchema,
        isPrefixOnly,
      })),
      unused: (await selectUnusedIndexes(sql, CAP)).map(describe),
      unindexedForeignKeys: first.keys
        .map((key) => describeKey(key, rates.get(key.referencedOid) ?? { referencedDeletesPerSecond: 0, referencedUpdatesPerSecond: 0 }))
        .toSorted((a, b) => cost(b) - cost(a) || b.sizeBytes - a.sizeBytes)
        .slice(0, CAP),
    };
  },
});

type ForeignKey = PgIndexes["unindexedForeignKeys"][number];

/** Rows that have to be read a second: each write on the referenced table searches the whole referencing one. */
function cost({ referencedDeletesPerSecond, referencedUpdatesPerSecond, sizeBytes }: ForeignKey): number {
  return (referencedDeletesPerSecond + referencedUpdatesPerSecond) * sizeBytes;
}

async function writesOn({ sql }: ProbeContext, keys: readonly ForeignKeyRow[]): Promise<ReadonlyMap<number, WritesRow>> {
  const rows = await selectWrites(sql, [...new Set(keys.map(({ referencedOid }) => referencedOid))]);
  return new Map(rows.map((row) => [row.oid, row]));
}

function describe({ oid: _, columns, ...row }: IndexRow): Index {
  return { ...row, columns: [...columns] };
}

function describeKey(
  { constraint, schema, name, columns, referencedSchema, referencedName, sizeBytes }: ForeignKeyRow,
  rates: Pick<ForeignKey, "referencedDeletesPerSecond" | "referencedUpdatesPerSecond">,
): ForeignKey {
  return {
    constraint,
    schema,
    name,
    columns: [...columns],
    references: { schema: referencedSchema, name: referencedName },
    sizeBytes,
    ...rates,
  };
}
