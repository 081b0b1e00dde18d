import type { PgSequences } from "../evidence/pg-storage.ts";
import { duration, grouped } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

const NOTE_RATIO = 0.75;
const NEAR_RATIO = 0.9;
/** Nobody changes a key's type within less. */
const SOON_SECONDS = 12 * 3_600;

type Sequence = PgSequences["sequences"][number];

/** The limit is the lower of the sequence's and its column's type, so an integer column under a bigint sequence counts as well. */
export const sequenceNearLimit = defineRule({
  id: "pg-sequence-near-limit",
  title: "A sequence runs out of values",
  why: "At its limit nextval() fails, and with it every insert into the table.",
  // What it finds may be critical; but pg_monitor does not see sequences, and is all that a healthy server's observer needs.
  gravest: "warning",
  needs: ["pg.sequences"],
  wants: ["pg.tables"],

  judge({ "pg.sequences": { sequences }, "pg.tables": tables }) {
    return sequences.flatMap((sequence) => {
      if (sequence.cycles || sequence.usedRatio < NOTE_RATIO) return [];
      const table = tables?.tables.find(({ schema, name }) => schema === sequence.column?.schema && name === sequence.column.name);
      const left = secondsLeft(sequence, table?.rowsInsertedPerSecond ?? 0);
      const { column } = sequence;
      return [
        {
          severity: severityOf(sequence, left),
          object: { kind: "sequence" as const, schema: sequence.schema, name: sequence.name },
          ...(column === null
            ? {}
            : { about: [{ kind: "column" as const, schema: column.schema, table: column.name, name: column.column }] }),
          summary: `${sequence.schema}.${sequence.name} is at ${grouped(sequence.lastValue)} of ${grouped(sequence.limit)} (${percent(sequence.usedRatio)}), ${grouped(sequence.remaining)} ${sequence.remaining === 1 ? "value" : "values"} left${left === null ? "" : `, for ${duration(left)} at the present rate of inserts`}`,
          facts: {
            lastValue: sequence.lastValue,
            limit: sequence.limit,
            remaining: sequence.remaining,
            usedRatio: sequence.usedRatio,
            increment: sequence.increment,
            type: sequence.type,
            column: column === null ? null : `${column.schema}.${column.name}.${column.column}`,
            columnType: column?.type ?? null,
            secondsLeft: left,
          },
        },
      ];
    });
  },

  clear: ({ "pg.sequences": { total, sequences } }) =>
    `${total} sequences, the fullest at ${(Math.max(0, ...sequences.filter(({ cycles }) => !cycles).map(({ usedRatio }) => usedRatio)) * 100).toFixed(1)} % of its values`,
});

/** Rounded down: "100.0 %" is for what is really used up. */
function percent(ratio: number): string {
  return `${(Math.floor(ratio * 1_000) / 10).toFixed(1)} %`;
}

function secondsLeft({ remaining, increment }: Sequence, insertsPerSecond: number): number | null {
  const values = Math.floor(remaining / Math.max(1, Math.abs(increment)));
  return insertsPerSecond > 0 ? values / insertsPerSecond : null;
}

function severityOf({ remaining, increment, usedRatio }: Sequence, left: number | null): "critical" | "warning" | "advice" {
  if (remaining < Math.abs(increment)) return "critical";
  if (usedRatio < NEAR_RATIO) return "advice";
  return left !== null && left < SOON_SECONDS ? "critical" : "warning";
}
