import { isFarOverThreshold, stuckTables } from "../dead-rows.ts";
import { grouped, plural } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** A worker that has been on one table for this long is slow, whatever its size. */
const SLOW_SECONDS = 600;

/**
 * Every autovacuum worker is busy, and tables that nobody vacuums are far over their threshold. Held-back and switched-off
 * tables do not count: more workers would not help them.
 */
export const autovacuumSaturated = defineRule({
  id: "pg-autovacuum-saturated",
  title: "Autovacuum cannot keep up",
  why: "Tables wait for a free worker while dead rows grow, and the ones being vacuumed are throttled by the cost limit.",
  gravest: "warning",
  needs: ["pg.vacuum", "pg.tables"],

  judge({ "pg.vacuum": vacuum, "pg.tables": tables }, { takenAt }) {
    const workers = vacuum.running.filter(({ automatic }) => automatic);
    if (!vacuum.enabled || !vacuum.trackCounts || workers.length < vacuum.maxWorkers) return [];

    const stuck = new Set(stuckTables(tables, takenAt).map(({ table }) => table));
    const late = tables.tables.filter((table) => {
      if (!isFarOverThreshold(table) || !table.autovacuumEnabled || table.lockedExclusively || stuck.has(table)) return false;
      const own = workers.find(({ relation }) => relation?.schema === table.schema && relation.name === table.name);
      return own === undefined || (own.seconds ?? 0) >= SLOW_SECONDS;
    });
    const worst = late.toSorted((a, b) => b.deadRows - a.deadRows)[0];
    if (worst === undefined) return [];

    const throttled = workers.filter(({ waitEvent }) => waitEvent?.endsWith("VacuumDelay")).length;
    const isThrottled = throttled * 2 >= workers.length;
    const setting = isThrottled ? "autovacuum_vacuum_cost_limit" : "autovacuum_max_workers";
    return [
      {
        severity: "warning",
        object: { kind: "setting", name: setting },
        about: late.map(({ schema, name }) => ({ kind: "relation" as const, schema, name })),
        summary: `${vacuum.maxWorkers === 1 ? "the one autovacuum worker is" : `all ${vacuum.maxWorkers} autovacuum workers are`} busy, ${throttled} of them pausing for the cost limit (${vacuum.costLimit} per ${vacuum.costDelayMs} ms); ${plural(late.length, "table is", "tables are")} far over the threshold, first ${worst.schema}.${worst.name} with ${grouped(worst.deadRows)} dead rows (threshold ${grouped(worst.vacuumThresholdRows)})`,
        facts: {
          workers: workers.length,
          maxWorkers: vacuum.maxWorkers,
          throttledWorkers: throttled,
          costLimit: vacuum.costLimit,
          costDelayMs: vacuum.costDelayMs,
          slowestWorkerSeconds: Math.max(0, ...workers.map(({ seconds }) => seconds ?? 0)),
          lateTables: late.slice(0, 10).map(({ schema, name }) => `${schema}.${name}`),
          worstDeadRows: worst.deadRows,
          worstThresholdRows: worst.vacuumThresholdRows,
        },
      },
    ];
  },

  clear: ({ "pg.vacuum": { running, maxWorkers } }) =>
    `${running.filter(({ automatic }) => automatic).length} of ${maxWorkers} autovacuum workers are busy`,
});
