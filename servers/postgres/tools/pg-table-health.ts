import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Index, PgTables, Table } from "../../../diagnosis/evidence/pg-storage.ts";
import { plural, size } from "../../../diagnosis/report/quantity.ts";
import { ToolError } from "../../../kernel/errors.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { describeTable, estimatedBloat } from "../probes/pg-tables.ts";
import { selectIndexesOfTable } from "../queries/indexes.ts";
import { selectColumns, selectExactSize, selectTablesNamed } from "../queries/table-detail.ts";
import { selectTables } from "../queries/tables.ts";
import { seen } from "../seen.ts";
import { figure, textTable } from "../text-table.ts";
import { LOCK_NOT_AVAILABLE, sqlStateOf } from "../where-allowed.ts";

const SAMPLING_SECONDS = 1;
const DEADLINE_SECONDS = 12;
const COLUMN_CAP = 60;
const INDEX_CAP = 40;
const NAMESAKES = 5;

const Column = z.object({
  name: z.string(),
  type: z.string(),
  notNull: z.boolean(),
  nullRatio: z.number().nullable(),
  distinct: z.number().nullable().describe("Negative: a share of the rows"),
  averageBytes: z.number().nullable(),
});

const Detail = z.object({
  columns: z.array(Column),
  indexes: z.array(Index.extend({ valid: z.boolean() })),
  toast: Table.nullable(),
  totalBytes: z.number().nullable().describe("With indexes and toast, exact; null when the table is locked"),
  indexBytes: z.number().nullable(),
});

const { total, totalBytes, overVacuumThreshold, withAutovacuumDisabled } = PgTables.shape;

export const tableHealth = defineTool({
  name: "pg_table_health",
  title: "Check tables",
  effect: "read",
  description:
    "Without a table: those with the most dead rows, sequential reads, stale statistics, age. With one: everything about it: size, bloat, vacuum and " +
    "analyze against their thresholds, options, columns' statistics, indexes. Never waits for a lock.",
  input: {
    table: z.string().min(1).max(130).optional().describe("name or schema.name"),
    limit: z.number().int().min(1).max(50).default(10),
  },
  output: {
    database: z.string(),
    windowSeconds: z.number(),
    totals: z.object({ total, totalBytes, overVacuumThreshold, withAutovacuumDisabled }).nullable().describe("Of all tables"),
    tables: z.array(Table),
    detail: Detail.nullable(),
    truncated: z.boolean(),
    skipped: z.array(z.string()),
  },
  deadlineSeconds: () => DEADLINE_SECONDS,

  async run({ table, limit }, context: Pick<PostgresContext, "sql" | "server" | "collect" | "call">) {
    return table === undefined ? worstTables(context, limit) : oneTable(context, table);
  },

  render({ database, totals, tables, detail, truncated, skipped }) {
    const [only] = tables;
    const body = detail === null || only === undefined ? tableLines(tables) : detailLines(only, detail);
    return [
      ...(totals === null
        ? []
        : [
            `${plural(totals.total, "table")} in ${database}, ${size(totals.totalBytes)}; ${totals.overVacuumThreshold} over their vacuum threshold, ` +
              `${totals.withAutovacuumDisabled} with autovacuum off. The worst${truncated ? " (more with limit)" : ""}:`,
          ]),
      ...body,
      ...skipped.map((what) => `Not seen: ${what}`),
    ].join("\n");
  },
});

async function worstTables({ collect }: Pick<PostgresContext, "collect">, limit: number) {
  const {
    tables,
    database,
    windowSeconds,
    statsReset: _,
    ...totals
  } = seen(await collect({ only: ["pg.tables"], seconds: SAMPLING_SECONDS }), "pg.tables");
  return {
    database,
    windowSeconds,
    totals,
    tables: tables.toSorted((a, b) => trouble(b) - trouble(a) || b.sizeBytes - a.sizeBytes).slice(0, limit),
    detail: null,
    truncated: tables.length > limit,
    skipped: [],
  };
}

/** How far beyond what is normal, in whichever respect is worst; tables of a few pages trouble nobody. */
function trouble(table: Table): number {
  const weight = Math.min(table.sizeBytes / SMALL_BYTES, 1);
  return Math.max(
    table.lockedExclusively ? 10 : 0,
    (weight * table.deadRows) / Math.max(table.vacuumThresholdRows, 1),
    (weight * table.modifiedSinceAnalyze) / Math.max(table.analyzeThresholdRows, 1),
    (2 * table.freezeAge) / table.freezeMaxAge,
    table.autovacuumEnabled ? 0 : 2 * weight,
    (weight * 2 * (table.estimatedBloatBytes ?? 0)) / Math.max(table.sizeBytes, 1),
    table.seqRowsReadPerSecond / 100_000,
  );
}

const SMALL_BYTES = 10 * 1024 * 1024;

async function oneTable({ sql, server, call }: Pick<PostgresContext, "sql" | "server" | "call">, named: string) {
  const facts = await server();
  const found = await find(sql, named);
  const oids = found.toastOid === 0 ? [found.oid] : [found.oid, found.toastOid];
  const first = await selectTables(sql, facts.versionNum, oids);
  const at = performance.now();
  await sleep(SAMPLING_SECONDS * 1000, undefined, { signal: call.signal });
  const rows = await selectTables(sql, facts.versionNum, oids);
  const windowSeconds = (performance.now() - at) / 1000;
  const bloat = await estimatedBloat({ sql }, rows);
  const described = rows.map((row) => ({
    oid: row.oid,
    table: {
      ...describeTable(
        row,
        first.find(({ oid }) => oid === row.oid),
        windowSeconds,
      ),
      estimatedBloatBytes: bloat.get(row.oid) ?? null,
    },
  }));
  const table = described.find(({ oid }) => oid === found.oid)?.table;
  if (table === undefined) throw notFound(named);
  const columns = await selectColumns(sql, found.oid, COLUMN_CAP + 1);
  const indexes = await selectIndexesOfTable(sql, found.oid, INDEX_CAP + 1);
  const exact = table.lockedExclusively ? null : await exactSize(sql, found.oid);
  return {
    database: facts.database,
    windowSeconds,
    totals: null,
    tables: [table],
    detail: {
      columns: columns.slice(0, COLUMN_CAP),
      indexes: indexes.slice(0, INDEX_CAP).map(({ oid: _, columns: keys, ...index }) => ({ ...index, columns: [...keys] })),
      toast: described.find(({ oid }) => oid === found.toastOid)?.table ?? null,
      totalBytes: exact?.totalBytes ?? null,
      indexBytes: exact?.indexBytes ?? null,
    },
    truncated: columns.length > COLUMN_CAP || indexes.length > INDEX_CAP,
    skipped: exact === null ? [`exact size of ${table.schema}.${table.name}: locked`] : [],
  };
}

async function find(sql: PostgresContext["sql"], named: string) {
  const dot = named.indexOf(".");
  const whole = await selectTablesNamed(sql, null, named, NAMESAKES);
  const found = whole.length > 0 || dot < 0 ? whole : await selectTablesNamed(sql, named.slice(0, dot), named.slice(dot + 1), NAMESAKES);
  const [only, another] = found;
  if (only === undefined) throw notFound(named);
  if (another !== undefined) {
    throw new ToolError("INVALID_ARGUMENT", `Several schemas have a table ${named}.`, {
      hint: `Say which: ${found.map(({ schema, name }) => `${schema}.${name}`).join(", ")}.`,
    });
  }
  return only;
}

function notFound(named: string): ToolError {
  return new ToolError("NOT_FOUND", `The database has no table ${named}.`, {
    hint: "Names are case-sensitive and unquoted; pg_table_health without a table lists some. Each target is one database.",
  });
}

/** Optional: null rather than a place in somebody's lock queue. */
async function exactSize(sql: PostgresContext["sql"], table: number) {
  try {
    return (await selectExactSize(sql, table))[0] ?? null;
  } catch (error) {
    if (sqlStateOf(error) === LOCK_NOT_AVAILABLE) return null;
    throw error;
  }
}

function tableLines(tables: readonly Table[]): string[] {
  return textTable(
    ["table", "size", "bloat", "dead", "threshold", "changed", "seq rows/s", "writes/s", "freeze age", ""],
    tables.map((one) => [
      `${one.schema}.${one.name}`,
      size(one.sizeBytes),
      one.estimatedBloatBytes === null ? null : size(one.estimatedBloatBytes),
      one.deadRows,
      one.vacuumThresholdRows,
      one.modifiedSinceAnalyze,
      one.seqRowsReadPerSecond,
      one.rowsInsertedPerSecond + one.rowsUpdatedPerSecond + one.rowsDeletedPerSecond,
      one.freezeAge,
      [one.lockedExclusively ? "LOCKED" : "", one.autovacuumEnabled ? "" : "autovacuum off"].filter((word) => word !== "").join(", "),
    ]),
  );
}

function detailLines(table: Table, { columns, indexes, toast, totalBytes: whole, indexBytes }: z.output<typeof Detail>): string[] {
  const exact = whole === null ? "" : `; ${size(whole)} with indexes (${size(indexBytes ?? 0)}) and toast`;
  const bloat =
    table.estimatedBloatBytes === null
      ? "bloat unknown (no statistics that this role sees)"
      : `estimated bloat ${size(table.estimatedBloatBytes)}`;
  return [
    `${table.schema}.${table.name}: ${size(table.sizeBytes)} at the last vacuum or analyze${exact}; ${bloat}.`,
    ...(table.lockedExclusively ? ["A session holds or awaits ACCESS EXCLUSIVE on it: pg_lock_tree shows who."] : []),
    `Rows: ${figure(table.liveRows)} live, ${figure(table.deadRows)} dead (vacuum beyond ${figure(table.vacuumThresholdRows)}), ` +
      `${figure(table.modifiedSinceAnalyze)} changed since analyze (analyze beyond ${figure(table.analyzeThresholdRows)}).`,
    `Last vacuum ${when(table.lastVacuum)}, autovacuum ${when(table.lastAutovacuum)}, analyze ${when(table.lastAnalyze)}, autoanalyze ${when(table.lastAutoanalyze)}. ` +
      `Autovacuum ${table.autovacuumEnabled ? "on" : "OFF for this table"}.`,
    `Freeze age ${figure(table.freezeAge)} of ${figure(table.freezeMaxAge)}, multixact age ${figure(table.multixactAge)}.`,
    `Now: ${figure(table.seqScansPerSecond)} sequential scans/s reading ${figure(table.seqRowsReadPerSecond)} rows/s, ${figure(table.indexScansPerSecond)} index scans/s, ` +
      `${figure(table.rowsInsertedPerSecond)} inserts/s, ${figure(table.rowsUpdatedPerSecond)} updates/s (${figure(table.hotUpdatesPerSecond)} HOT), ${figure(table.rowsDeletedPerSecond)} deletes/s.`,
    ...(table.options.length === 0 ? [] : [`Options: ${table.options.join(", ")}.`]),
    ...(toast === null ? [] : [`Toast: ${size(toast.sizeBytes)}, ${figure(toast.deadRows)} dead.`]),
    "Indexes:",
    ...(indexes.length === 0
      ? ["  none"]
      : textTable(
          ["name", "columns", "size", "scans", ""],
          indexes.map((one) => [
            one.name,
            `${one.columns.join(", ")}${one.unique ? " (unique)" : ""}`,
            size(one.sizeBytes),
            one.scans,
            one.valid ? "" : "INVALID",
          ]),
        )),
    "Columns:",
    ...textTable(
      ["name", "type", "null", "distinct", "bytes"],
      columns.map((one) => [one.name, one.type, one.notNull ? "not null" : percent(one.nullRatio), one.distinct, one.averageBytes]),
    ),
  ];
}

function when(time: string | null): string {
  return time === null ? "never" : `${time.slice(0, 19)}Z`;
}

function percent(ratio: number | null): string {
  return ratio === null ? "-" : `${Math.round(ratio * 100)} %`;
}
