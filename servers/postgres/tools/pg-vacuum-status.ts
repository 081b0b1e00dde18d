import { z } from "zod";
import { PgVacuum, type XminHolder } from "../../../diagnosis/evidence/pg-operations.ts";
import { Table } from "../../../diagnosis/evidence/pg-storage.ts";
import { duration } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { seen } from "../seen.ts";
import { figure, textTable } from "../text-table.ts";

const DEADLINE_SECONDS = 12;

const Behind = Table.pick({
  schema: true,
  name: true,
  deadRows: true,
  vacuumThresholdRows: true,
  freezeAge: true,
  freezeMaxAge: true,
  autovacuumEnabled: true,
  lastAutovacuum: true,
});

export const vacuumStatus = defineTool({
  name: "pg_vacuum_status",
  title: "Show vacuum's state",
  effect: "read",
  description:
    "Whether autovacuum runs and keeps up: workers, who holds back the oldest xmin (session, prepared transaction, slot, standby), " +
    "tables that wait for it, distance to wraparound. Use for bloat, dead rows and wraparound warnings.",
  input: { limit: z.number().int().min(1).max(50).default(10).describe("Tables, those furthest beyond their threshold first") },
  output: { ...PgVacuum.shape, tables: z.array(Behind).nullable(), overVacuumThreshold: z.number().nullable() },
  deadlineSeconds: () => DEADLINE_SECONDS,

  async run({ limit }, { collect }: Pick<PostgresContext, "collect">) {
    const snapshot = await collect({ only: ["pg.vacuum", "pg.tables"], seconds: 0 });
    const vacuum = seen(snapshot, "pg.vacuum");
    const tables = snapshot.evidence["pg.tables"];
    if (tables?.outcome !== "seen") return { ...vacuum, tables: null, overVacuumThreshold: null };
    const behind = tables.value.tables
      .filter((one) => one.deadRows > one.vacuumThresholdRows || !one.autovacuumEnabled || one.freezeAge > one.freezeMaxAge)
      .toSorted((a, b) => excess(b) - excess(a))
      .slice(0, limit)
      .map((one) => Behind.parse(one));
    return { ...vacuum, tables: behind, overVacuumThreshold: tables.value.overVacuumThreshold };
  },

  render(status) {
    const { enabled, trackCounts, maxWorkers, naptimeSeconds, costDelayMs, costLimit, running, holders, holdersVisible, tables } = status;
    const off = trackCounts ? "Autovacuum is switched off." : "Autovacuum does not run: track_counts is off.";
    return [
      enabled
        ? `Autovacuum is on: ${maxWorkers} workers, every ${duration(naptimeSeconds)}, cost limit ${costLimit} with ${costDelayMs} ms delay.`
        : off,
      `Oldest database: ${figure(status.oldestFreezeAge)} transactions (forced vacuum at ${figure(status.freezeMaxAge)}, refusal at 2,144,000,000), ` +
        `${figure(status.oldestMultixactAge)} multixacts (forced at ${figure(status.multixactFreezeMaxAge)}).`,
      ...(running.length === 0 ? ["Nothing is being vacuumed or analyzed now."] : ["Running now:", ...running.map(runLine)]),
      ...(holders.length === 0
        ? ["Nobody holds back the removal of dead rows."]
        : ["Holding back the removal of dead rows, oldest first:"]),
      ...holders.map((holder) => `  ${figure(holder.age)} transactions: ${holderText(holder)}`),
      ...(holdersVisible ? [] : ["Not seen: other roles' sessions (grant pg_monitor)."]),
      ...(tables === null ? ["Not seen: tables."] : tableLines(tables, status.overVacuumThreshold ?? 0)),
    ].join("\n");
  },
});

function excess({ deadRows, vacuumThresholdRows, freezeAge, freezeMaxAge }: z.output<typeof Behind>): number {
  return Math.max(deadRows / Math.max(vacuumThresholdRows, 1), freezeAge / freezeMaxAge);
}

function runLine({
  pid,
  relation,
  database,
  automatic,
  toPreventWraparound,
  phase,
  seconds,
  scannedRatio,
  waitEvent,
}: PgVacuum["running"][number]): string {
  const what = relation === null ? `a table of ${database ?? "another database"}` : `${relation.schema}.${relation.name}`;
  const parts = [
    automatic ? (toPreventWraparound ? "autovacuum to prevent wraparound" : "autovacuum") : "by hand",
    phase,
    scannedRatio === null ? null : `${Math.round(scannedRatio * 100)} % scanned`,
    seconds === null ? null : `for ${duration(seconds)}`,
    waitEvent === null ? null : `waits for ${waitEvent}`,
  ];
  return `  ${pid} ${what}: ${parts.filter((part) => part !== null).join(", ")}`;
}

function holderText(holder: XminHolder): string {
  switch (holder.kind) {
    case "session": {
      const since = holder.xactAgeSeconds === null ? "" : `, transaction open for ${duration(holder.xactAgeSeconds)}`;
      return `session ${holder.pid} [${holder.backendStart}] "${holder.application}" (${holder.role ?? "?"}@${holder.database ?? "?"}), ${holder.state ?? "no state"}${since}`;
    }
    case "prepared-transaction":
      return `prepared transaction "${holder.gid}" in ${holder.database}, prepared ${duration(holder.ageSeconds)} ago`;
    case "slot":
      return `replication slot ${holder.name}, ${holder.active ? "active" : "inactive"}${holder.catalogOnly ? ", system catalogs only" : ""}`;
    case "standby":
      return `standby "${holder.application}"${holder.client === null ? "" : ` at ${holder.client}`}, by hot_standby_feedback`;
    default:
      return holder satisfies never;
  }
}

function tableLines(tables: readonly z.output<typeof Behind>[], over: number): string[] {
  if (tables.length === 0) return ["No table waits for vacuum."];
  return [
    `Tables that wait for vacuum (${over} over their threshold):`,
    ...textTable(
      ["table", "dead rows", "threshold", "freeze age", "last autovacuum", ""],
      tables.map((one) => [
        `${one.schema}.${one.name}`,
        one.deadRows,
        one.vacuumThresholdRows,
        one.freezeAge,
        one.lastAutovacuum?.slice(0, 19) ?? "never",
        one.autovacuumEnabled ? "" : "autovacuum off for it",
      ]),
    ),
  ];
}
