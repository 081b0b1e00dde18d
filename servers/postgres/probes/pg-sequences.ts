import type { PgSequences } from "../../../diagnosis/evidence/pg-storage.ts";
import { CannotLook, defineProbe, type ProbeContext } from "../probe.ts";
import {
  type SequenceRow,
  selectBusiestSequences,
  selectHighestValues,
  selectKeysWithoutSequence,
  selectLastValues,
  selectSequences,
} from "../queries/sequences.ts";
import { identifier } from "../sql.ts";
import { LOCK_NOT_AVAILABLE, sqlStateOf } from "../where-allowed.ts";

const CAP = 50;
/** Sequences whose last value is read. */
const READ_CAP = 500;
/** Locks that one transaction takes; the smallest lock table that PostgreSQL allows has a few hundred places. */
const BATCH = 100;
const WORTH_TELLING = 0.5;

/** How much of their range sequences, and integer keys without one, have used. */
export const sequences = defineProbe({
  id: "pg.sequences",

  async run(context): Promise<PgSequences> {
    const { sql, server } = context;
    const busiest = await selectBusiestSequences(sql, READ_CAP);
    const total = busiest[0]?.total ?? 0;
    if (total > busiest.length) context.skip(`${total - busiest.length} of ${total} sequences: the least used were not read`);

    const described = await selectSequences(
      sql,
      busiest.map(({ oid }) => oid),
    );
    for (const { schema, name, locked } of described) if (locked) context.skip(`${schema}.${name}: locked`);
    const hidden = described.filter(({ readable }) => !readable);
    const readable = described.filter((row) => row.readable && !row.locked);
    const lastValues = await readLastValues(context, readable);
    const keys = await keysWithoutSequence(context);

    if (hidden.length > 0) {
      const grant = grantSequences(hidden, server.role);
      if (hidden.length === described.length && keys.length === 0) {
        throw new CannotLook("no-permission", `the role "${server.role}" may not see the last value of any of ${total} sequences`, grant);
      }
      context.skip(`${hidden.length} sequences: ${grant}`);
    }
    return {
      total,
      sequences: readable
        .flatMap((row) => describe(row, lastValues.get(row.oid) ?? null))
        .filter(({ usedRatio }) => usedRatio > WORTH_TELLING)
        .toSorted((a, b) => b.usedRatio - a.usedRatio)
        .slice(0, CAP),
      keys,
    };
  },
});

async function readLastValues(context: ProbeContext, rows: readonly SequenceRow[]): Promise<ReadonlyMap<number, number | null>> {
  const values = new Map<number, number | null>();
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = rows.slice(at, at + BATCH);
    try {
      for (const { oid, lastValue } of await selectLastValues(
        context.sql,
        batch.map(({ oid }) => oid),
      ))
        values.set(oid, lastValue);
    } catch (error) {
      // Locked, or dropped, since we looked at pg_locks.
      const state = sqlStateOf(error);
      if (state !== LOCK_NOT_AVAILABLE && state !== UNDEFINED_TABLE) throw error;
      context.skip(`${batch.length} sequences: one of them is locked or was dropped`);
    }
  }
  return values;
}

const UNDEFINED_TABLE = "42P01";

/** Nothing for a sequence that was never used. */
function describe(row: SequenceRow, lastValue: number | null): PgSequences["sequences"] {
  if (lastValue === null) return [];
  const { schema, name, limit, start, increment, cycles, type } = row;
  // A sequence that was made to start at two thousand million has used as much as one that counted there.
  const from = increment > 0 ? Math.min(start, 1) : Math.max(start, -1);
  const way = limit - from;
  const column =
    row.tableSchema === null || row.tableName === null || row.column === null || row.columnType === null
      ? null
      : { schema: row.tableSchema, name: row.tableName, column: row.column, type: row.columnType };
  return [
    {
      schema,
      name,
      lastValue,
      limit,
      increment,
      usedRatio: way === 0 ? 1 : Math.min(Math.max((lastValue - from) / way, 0), 1),
      remaining: Math.max(Math.floor((limit - lastValue) / increment), 0),
      cycles,
      type,
      column,
    },
  ];
}

async function keysWithoutSequence({ sql }: ProbeContext): Promise<PgSequences["keys"]> {
  const candidates = await selectKeysWithoutSequence(sql, READ_CAP);
  if (candidates.length === 0) return [];
  const highest = await selectHighestValues(
    sql,
    candidates.map(({ schema }) => schema),
    candidates.map(({ name }) => name),
    candidates.map(({ column }) => column),
  );
  const known = new Map(highest.map((row) => [JSON.stringify([row.schema, row.name, row.column]), row.highest]));
  return candidates
    .flatMap(({ limit, ...key }) => {
      const value = known.get(JSON.stringify([key.schema, key.name, key.column]));
      return value === undefined ? [] : [{ ...key, highest: value, limit, usedRatio: Math.max(value / limit, 0) }];
    })
    .toSorted((a, b) => b.usedRatio - a.usedRatio)
    .slice(0, CAP);
}

/** SELECT on a sequence shows its last value and nothing of any table. */
function grantSequences(rows: readonly SequenceRow[], role: string): string {
  const schemas = [...new Set(rows.map(({ schema }) => schema))].slice(0, 5).map((schema) => identifier(schema).quoted);
  return `grant select on all sequences in schema ${schemas.join(", ")} to ${identifier(role).quoted}`;
}
