import { type StuckTable, stuckTables } from "../dead-rows.ts";
import type { PgVacuum, XminHolder } from "../evidence/pg-operations.ts";
import type { PgDatabases } from "../evidence/pg-storage.ts";
import type { DiagnosedObject } from "../object.ts";
import { grouped, size } from "../report/quantity.ts";
import { defineRule, type Found } from "../rule.ts";
import { describe, heldSeconds, objectOf, partiesOf, reaches, withoutVacuum } from "../xmin-holder.ts";

/** A session at rest inside its transaction for this long is not on its way to COMMIT; the same for a prepared one. */
const PARKED_SECONDS = 20;
/** A statement may run for a minute; for ten it is somebody's plan, and still what vacuum waits for. */
const RUNNING_SECONDS = 60;
const RUNNING_LONG_SECONDS = 600;
/** Of autovacuum_freeze_max_age: from here on, freezing soon stops as well. */
const OLD_SHARE = 0.5;
/** Beside the oldest holder, another counts when removing the oldest would gain little. */
const ALSO_SHARE = 0.5;
const ALSO_MIN_AGE = 1_000;
const NAMED_TABLES = 10;

/**
 * Names who holds the horizon, and only with a proof: dead rows that a vacuum saw and had to leave, after the holder had
 * begun; or a horizon so old that freezing is about to stop.
 */
export const vacuumHeldBack = defineRule({
  id: "pg-vacuum-held-back",
  title: "Vacuum cannot remove dead rows: something still holds an old snapshot",
  why: "Rows that died after the oldest snapshot stay in tables and indexes, every scan reads them, and freezing stops at the same point.",
  gravest: "warning",
  needs: ["pg.vacuum"],
  wants: ["pg.tables", "pg.databases"],

  judge({ "pg.vacuum": vacuum, "pg.tables": tables, "pg.databases": databases }, { takenAt }) {
    const stuck = tables === undefined ? [] : stuckTables(tables, takenAt);
    const holders = withoutVacuum(vacuum)
      .filter(isParked)
      .toSorted((a, b) => b.age - a.age);
    const kept = new Map<XminHolder, StuckTable[]>();
    for (const one of stuck) {
      const before = holders.filter((holder) => keeps(holder, one, tables?.database ?? "", databases));
      for (const holder of before.filter((holder) => isToBlame(holder, before))) kept.set(holder, [...(kept.get(holder) ?? []), one]);
    }
    for (const holder of holders) if (isOld(holder, vacuum) && !kept.has(holder)) kept.set(holder, []);

    if (kept.size === 0 && stuck.length > 0 && !vacuum.holdersVisible) {
      return { because: "no-permission", hint: "grant pg_monitor to the role" };
    }
    return onePerClient([...kept]).map(([holder, rows]) => toFound(holder, rows, vacuum));
  },

  clear: ({ "pg.vacuum": vacuum }) =>
    `no table keeps dead rows that a vacuum had to leave; the oldest snapshot is ${grouped(Math.max(0, ...withoutVacuum(vacuum).map(({ age }) => age)))} transactions old`,
});

function isParked(holder: XminHolder): boolean {
  const seconds = heldSeconds(holder);
  if (holder.kind === "session") return (seconds ?? 0) >= (holder.state === "active" ? RUNNING_SECONDS : PARKED_SECONDS);
  return seconds === null || seconds >= PARKED_SECONDS;
}

function isOld(holder: XminHolder, { freezeMaxAge }: PgVacuum): boolean {
  return holder.age >= freezeMaxAge * OLD_SHARE;
}

/** Whether this one was there before the vacuum that had to leave the rows. */
function keeps(
  holder: XminHolder,
  { table, vacuumedSecondsAgo }: StuckTable,
  database: string,
  databases: PgDatabases | undefined,
): boolean {
  if (!reaches(holder, database)) return false;
  if (holder.kind === "slot" && holder.catalogOnly && table.schema !== "pg_catalog") return false;
  const seconds = heldSeconds(holder);
  return seconds === null ? holder.age >= transactionsWithin(vacuumedSecondsAgo, databases) : seconds >= vacuumedSecondsAgo;
}

/** At most so many transaction ids went by: a transaction that changes no row takes none. */
function transactionsWithin(seconds: number, databases: PgDatabases | undefined): number {
  if (databases === undefined) return Number.POSITIVE_INFINITY;
  const perSecond = databases.databases.map((one) =>
    Math.min(one.commitsPerSecond, one.rowsInsertedPerSecond + one.rowsUpdatedPerSecond + one.rowsDeletedPerSecond),
  );
  return seconds * perSecond.reduce((sum, rate) => sum + rate, 0);
}

function isToBlame(holder: XminHolder, holders: readonly XminHolder[]): boolean {
  const oldest = holders[0];
  return holder === oldest || (oldest !== undefined && holder.age >= Math.max(ALSO_MIN_AGE, oldest.age * ALSO_SHARE));
}

/** Of the sessions of one client the oldest speaks for all. */
function onePerClient(kept: readonly (readonly [XminHolder, StuckTable[]])[]): (readonly [XminHolder, StuckTable[]])[] {
  const seen = new Set<string>();
  return kept
    .toSorted(([a], [b]) => b.age - a.age)
    .filter(([holder]) => {
      if (holder.kind !== "session") return true;
      const client = JSON.stringify([holder.application, holder.role, holder.database]);
      if (seen.has(client)) return false;
      seen.add(client);
      return true;
    });
}

function toFound(holder: XminHolder, stuck: readonly StuckTable[], vacuum: PgVacuum): Found {
  const worst = stuck.toSorted((a, b) => b.rows - a.rows).slice(0, NAMED_TABLES);
  const rows = stuck.reduce((sum, one) => sum + one.rows, 0);
  const bytes = stuck.reduce((sum, { table }) => sum + table.sizeBytes, 0);
  const names = worst.map(({ table }) => `${table.schema}.${table.name}`);
  const isShort = holder.kind === "session" && holder.state === "active" && (holder.xactAgeSeconds ?? 0) < RUNNING_LONG_SECONDS;
  const relations = worst.map(({ table }): DiagnosedObject => ({ kind: "relation", schema: table.schema, name: table.name }));
  return {
    severity: isShort && !isOld(holder, vacuum) ? "advice" : "warning",
    object: objectOf(holder),
    about: [...partiesOf(holder), ...relations],
    summary:
      stuck.length > 0
        ? `${describe(holder)} keeps vacuum from removing at least ${grouped(rows)} dead rows in ${list(names, stuck.length)} (${size(bytes)})`
        : `${describe(holder)} holds the vacuum horizon back by ${grouped(holder.age)} transactions`,
    facts: {
      holder: holder.kind,
      ageTransactions: holder.age,
      heldSeconds: heldSeconds(holder),
      state: holder.kind === "session" ? holder.state : null,
      active: holder.kind === "slot" ? holder.active : null,
      catalogOnly: holder.kind === "slot" ? holder.catalogOnly : null,
      stuckRows: Math.round(rows),
      stuckTables: names,
    },
  };
}

function list(names: readonly string[], total: number): string {
  const shown = names.slice(0, 3).join(", ");
  return total > 3 ? `${shown} and ${total - 3} more tables` : shown;
}
