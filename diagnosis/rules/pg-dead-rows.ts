import { deadRowsText, isSmall, MIN_DEAD_ROWS } from "../dead-rows.ts";
import { grouped } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** Autovacuum looks once a naptime and needs its time: right above the threshold is where tables normally are. */
const OVER = 2;
const NAMED = 20;

/** A symptom: the causes say why. Alone it is advice, since a bulk delete a minute ago looks the same. */
export const deadRows = defineRule({
  id: "pg-dead-rows",
  title: "A table holds many dead rows",
  why: "Scans read them, caches keep them, and the disk space is not reused.",
  gravest: "advice",
  needs: ["pg.tables"],

  judge({ "pg.tables": { tables } }) {
    return tables
      .filter((table) => !isSmall(table) && table.deadRows >= Math.max(MIN_DEAD_ROWS, OVER * table.vacuumThresholdRows))
      .toSorted((a, b) => b.deadRows - a.deadRows)
      .slice(0, NAMED)
      .map((table) => ({
        severity: "advice" as const,
        object: { kind: "relation" as const, schema: table.schema, name: table.name },
        summary: `${table.schema}.${table.name} holds ${deadRowsText(table)}; autovacuum's threshold is ${grouped(table.vacuumThresholdRows)}`,
        facts: {
          deadRows: table.deadRows,
          liveRows: table.liveRows,
          vacuumThresholdRows: table.vacuumThresholdRows,
          sizeBytes: table.sizeBytes,
          lastVacuum: table.lastVacuum,
          lastAutovacuum: table.lastAutovacuum,
        },
      }));
  },

  clear: ({ "pg.tables": { overVacuumThreshold, total } }) =>
    `${overVacuumThreshold} of ${total} tables are over autovacuum's threshold, none by much`,
});
