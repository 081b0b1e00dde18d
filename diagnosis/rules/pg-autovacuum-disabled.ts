import { deadRowsText, isSmall } from "../dead-rows.ts";
import type { Table } from "../evidence/pg-storage.ts";
import { grouped, plural } from "../report/quantity.ts";
import { defineRule, type Found } from "../rule.ts";

/** Below these, nobody misses a vacuum. */
const FEW_ROWS = 1_000;

/**
 * Autovacuum is off for the server, or for a table, and it shows. A table that nobody changes may well have it off; the
 * server may not, since statistics and freezing depend on it as well.
 */
export const autovacuumDisabled = defineRule({
  id: "pg-autovacuum-disabled",
  title: "Autovacuum is switched off",
  why: "Dead rows and stale statistics pile up until somebody notices slow queries and a full disk.",
  gravest: "warning",
  needs: ["pg.vacuum"],
  wants: ["pg.tables"],

  judge({ "pg.vacuum": { enabled, trackCounts }, "pg.tables": tables }) {
    const neglected = (tables?.tables ?? []).filter(isNeglected).toSorted((a, b) => b.deadRows - a.deadRows);
    if (enabled && trackCounts) return neglected.filter(({ autovacuumEnabled }) => !autovacuumEnabled).map(ofTable);

    const setting = enabled ? "track_counts" : "autovacuum";
    const dead = neglected.reduce((sum, { deadRows }) => sum + deadRows, 0);
    const worst = neglected[0];
    const shows =
      worst === undefined
        ? ""
        : `; ${plural(neglected.length, "table needs", "tables need")} a vacuum, first ${worst.schema}.${worst.name} (${grouped(worst.deadRows)} dead rows)`;
    return [
      {
        severity: "warning",
        object: { kind: "setting", name: setting },
        summary: `${setting} is off for the whole server${shows}`,
        facts: {
          scope: "server",
          autovacuum: enabled,
          trackCounts,
          tablesInNeed: neglected.length,
          deadRows: dead,
          tables: neglected.slice(0, 10).map(({ schema, name }) => `${schema}.${name}`),
        },
      },
    ];
  },

  clear: ({ "pg.tables": tables }) =>
    tables === undefined
      ? "autovacuum is on for the server"
      : `autovacuum is on for the server, and off for ${tables.withAutovacuumDisabled} tables of which none needs it`,
});

function isNeglected(table: Table): boolean {
  if (isSmall(table)) return false;
  return table.deadRows > Math.max(FEW_ROWS, table.vacuumThresholdRows) || table.freezeAge > table.freezeMaxAge;
}

function ofTable(table: Table): Found {
  const { schema, name, deadRows, liveRows } = table;
  return {
    severity: "warning",
    object: { kind: "relation", schema, name },
    summary: `autovacuum_enabled is off for ${schema}.${name}: ${deadRowsText(table)} (threshold ${grouped(table.vacuumThresholdRows)})`,
    facts: {
      scope: "table",
      options: table.options,
      deadRows,
      liveRows,
      vacuumThresholdRows: table.vacuumThresholdRows,
      modifiedSinceAnalyze: table.modifiedSinceAnalyze,
      freezeAgeTransactions: table.freezeAge,
      sizeBytes: table.sizeBytes,
      lastVacuum: table.lastVacuum,
      lastAutovacuum: table.lastAutovacuum,
    },
  };
}
