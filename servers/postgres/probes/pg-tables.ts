import type { PgTables, Table } from "../../../diagnosis/evidence/pg-storage.ts";
import { ratePerSecond } from "../counters.ts";
import { CannotLook, defineProbe, type ProbeContext } from "../probe.ts";
import { selectEstimatedBloat, selectTables, selectTableTotals, type TableRow, type TableTotals } from "../queries/tables.ts";

/** Each criterion's candidates get a first reading; those that move most in the window stay. */
const CANDIDATES_EACH = 30;
const KEPT_EACH = 15;
const TABLE_CAP = 100;
/** One pass over 100,000 relations takes a quarter of a second of one core; on a busy server that can be a second. */
const PASS_TIMEOUT_MS = 4000;

interface First {
  readonly totals: TableTotals;
  readonly rows: readonly TableRow[];
}

/** The worst tables by size, dead rows, sequential reads, changes, freeze age and locks. Opens no relation. */
export const tables = defineProbe({
  id: "pg.tables",

  async begin(context): Promise<First> {
    const { server, withTimeout } = context;
    const [totals] = await selectTableTotals(withTimeout(PASS_TIMEOUT_MS), server.versionNum, CANDIDATES_EACH);
    if (totals === undefined) throw new CannotLook("failed", "pg_class could not be summarised", "");
    return { totals, rows: await selectTables(context.sql, server.versionNum, totals.candidates) };
  },

  async run(context, { totals, rows }: First, elapsedSeconds): Promise<PgTables> {
    const { server, sql } = context;
    const before = new Map(rows.map((row) => [row.oid, row]));
    const now = await selectTables(sql, server.versionNum, totals.candidates);
    const described = now.map((row) => ({ row, table: describeTable(row, before.get(row.oid), elapsedSeconds) }));
    const kept = worst(described);
    const bloat = await estimatedBloat(
      context,
      kept.map(({ row }) => row),
    );
    const { candidates: _, ...counts } = totals;
    return {
      database: server.database,
      windowSeconds: elapsedSeconds,
      ...counts,
      tables: kept.map(({ row, table }) => ({ ...table, estimatedBloatBytes: bloat.get(row.oid) ?? null })),
    };
  },
});

/** The rates and ages of one table from two readings of it; bloat apart. */
export function describeTable(row: TableRow, before: TableRow | undefined, seconds: number): Table {
  const { oid: _, seqScans, seqRows, indexScans, inserted, updated, hotUpdated, deleted, options, ...rest } = row;
  const rate = (counter: (row: TableRow) => number) => ratePerSecond(before && counter(before), counter(row), seconds);
  return {
    ...rest,
    options: [...options],
    seqScansPerSecond: rate((one) => one.seqScans),
    seqRowsReadPerSecond: rate((one) => one.seqRows),
    indexScansPerSecond: rate((one) => one.indexScans),
    rowsInsertedPerSecond: rate((one) => one.inserted),
    rowsUpdatedPerSecond: rate((one) => one.updated),
    hotUpdatesPerSecond: rate((one) => one.hotUpdated),
    rowsDeletedPerSecond: rate((one) => one.deleted),
    seqScansTotal: seqScans,
    indexScansTotal: indexScans,
    estimatedBloatBytes: null,
  };
}

/** Null entries are unknown: no statistics, or none that our role may see. */
export async function estimatedBloat({ sql }: Pick<ProbeContext, "sql">, rows: readonly TableRow[]): Promise<ReadonlyMap<number, number>> {
  const measurable = rows.filter(({ kind }) => kind === "r" || kind === "m");
  const found = await selectEstimatedBloat(
    sql,
    measurable.map(({ oid }) => oid),
    measurable.map(({ schema }) => schema),
    measurable.map(({ name }) => name),
  );
  return new Map(found.map(({ oid, bloatBytes }) => [oid, bloatBytes]));
}

interface Described {
  readonly row: TableRow;
  readonly table: Table;
}

const CRITERIA: readonly ((table: Table, row: TableRow) => number)[] = [
  ({ lockedExclusively }) => (lockedExclusively ? 1 : 0),
  ({ autovacuumEnabled, deadRows }) => (autovacuumEnabled ? 0 : 1 + deadRows),
  ({ freezeAge, freezeMaxAge }) => freezeAge / freezeMaxAge,
  ({ deadRows, vacuumThresholdRows }) => deadRows / Math.max(vacuumThresholdRows, 1),
  ({ deadRows }) => deadRows,
  ({ seqRowsReadPerSecond }) => seqRowsReadPerSecond,
  ({ rowsInsertedPerSecond, rowsUpdatedPerSecond, rowsDeletedPerSecond }) =>
    rowsInsertedPerSecond + rowsUpdatedPerSecond + rowsDeletedPerSecond,
  ({ sizeBytes }) => sizeBytes,
  ({ modifiedSinceAnalyze, analyzeThresholdRows }) => modifiedSinceAnalyze / Math.max(analyzeThresholdRows, 1),
  ({ multixactAge }) => multixactAge,
  (_, { seqRows }) => seqRows,
];

/** The first of every criterion, then the largest, until the cap; written largest first. */
function worst(all: readonly Described[]): readonly Described[] {
  const kept = new Set<Described>();
  const bySize = all.toSorted((a, b) => b.table.sizeBytes - a.table.sizeBytes || a.row.oid - b.row.oid);
  for (const criterion of CRITERIA) {
    const measure = ({ table, row }: Described) => criterion(table, row);
    const leading = bySize.filter((one) => measure(one) > 0).toSorted((a, b) => measure(b) - measure(a));
    for (const one of leading.slice(0, KEPT_EACH)) if (kept.size < TABLE_CAP) kept.add(one);
  }
  for (const one of bySize) if (kept.size < TABLE_CAP) kept.add(one);
  return bySize.filter((one) => kept.has(one));
}
