import type { PgStatements } from "../../../diagnosis/evidence/pg-storage.ts";
import { untrusted } from "../../../kernel/untrusted.ts";
import { increase } from "../counters.ts";
import { needsMonitor } from "../grant.ts";
import { isOwnStatement } from "../own-statement.ts";
import { CannotLook, defineProbe, type ProbeContext } from "../probe.ts";
import {
  FIRST_USABLE,
  HAS_INFO,
  type StatementRow,
  type StatementsExtension,
  selectStatements,
  selectStatementsAccess,
  selectStatementsExtension,
  selectStatementsInfo,
  selectStatementTexts,
} from "../queries/statements.ts";
import { identifier } from "../sql.ts";

const CAP = 50;
/** The statements with the most time since the reset are watched; the default size of pg_stat_statements is 5,000. */
const WATCHED = 1000;
const QUERY_CHARACTERS = 400;
/** Statements of ours that could stand before the patient's, and are left out. */
const OWN_AT_MOST = 100;

export type Statement = PgStatements["statements"][number];

interface First {
  readonly extension: StatementsExtension;
  readonly rows: readonly StatementRow[];
}

/** pg_stat_statements: what ran within the window, and what took the most time since the counters were reset. */
export const statements = defineProbe({
  id: "pg.statements",
  begin: beginStatements,
  run: (context, first: First, elapsedSeconds) => readStatements(context, first, elapsedSeconds, CAP, byTime),
});

export async function beginStatements(context: Pick<ProbeContext, "sql" | "server">): Promise<First> {
  const extension = await usableExtension(context);
  return { extension, rows: await selectStatements(context.sql, extension, WATCHED) };
}

/** Throws CannotLook with what would make it usable. */
async function usableExtension({ sql, server }: Pick<ProbeContext, "sql" | "server">): Promise<StatementsExtension> {
  const [access] = await selectStatementsAccess(sql);
  const [extension] = await selectStatementsExtension(sql);
  const load = "add pg_stat_statements to shared_preload_libraries and restart";
  if (extension === undefined) {
    const hint = access?.loaded ? "create extension pg_stat_statements" : `${load}, then: create extension pg_stat_statements`;
    throw new CannotLook("extension-absent", `pg_stat_statements is not installed in the database "${server.database}"`, hint);
  }
  if (!access?.loaded) throw new CannotLook("extension-absent", "pg_stat_statements is installed and not loaded", load);
  if (extension.version < FIRST_USABLE) {
    throw new CannotLook(
      "version-too-old",
      "the extension pg_stat_statements is older than 1.8",
      "alter extension pg_stat_statements update",
    );
  }
  if (!extension.reachable) {
    const grant = `grant usage on schema ${identifier(extension.schema).quoted} to ${identifier(server.role).quoted}`;
    throw new CannotLook("no-permission", `the role "${server.role}" may not use the schema of pg_stat_statements`, grant);
  }
  if (!access.seesOthers) throw needsMonitor(server, "other roles' statements");
  return extension;
}

export async function readStatements(
  { sql, server }: Pick<ProbeContext, "sql" | "server">,
  { extension, rows: before }: First,
  seconds: number,
  limit: number,
  order: (a: Statement, b: Statement) => number,
): Promise<PgStatements> {
  const rows = await selectStatements(sql, extension, WATCHED);
  const [info] = extension.version >= HAS_INFO ? await selectStatementsInfo(sql, extension) : [];
  const earlier = new Map(before.map((row) => [identityOf(row), row]));
  // An entry that was not there before is new, unless not all were watched: then nothing is known of its window.
  const sawAll = (before[0]?.entries ?? 0) <= before.length;
  const chosen = rows
    .map((row) => ({ row, statement: describe(row, earlier.get(identityOf(row)) ?? (sawAll ? NOTHING : row), seconds) }))
    .toSorted((a, b) => order(a.statement, b.statement))
    .slice(0, limit + OWN_AT_MOST);
  const texts = await selectStatementTexts(sql, extension, [...new Set(chosen.map(({ row }) => row.queryId))]);
  const textOf = new Map(texts.map((text) => [identityOf(text), text]));
  return {
    windowSeconds: seconds,
    statsReset: info?.statsReset ?? null,
    deallocations: info?.deallocations ?? null,
    entries: rows[0]?.entries ?? 0,
    statements: chosen
      .flatMap(({ row, statement }) => {
        const { database, role, query } = textOf.get(identityOf(row)) ?? { database: null, role: null, query: null };
        if (role === server.role && query !== null && isOwnStatement(query)) return [];
        return [{ ...statement, database: database ?? "", role: role ?? "", query: untrusted(query ?? "", QUERY_CHARACTERS) }];
      })
      .slice(0, limit),
  };
}

/** Within the window first. */
export function byTime(a: Statement, b: Statement): number {
  return b.timePerSecondMs - a.timePerSecondMs || b.totalTimeMs - a.totalTimeMs;
}

const NOTHING = {
  calls: 0,
  timeMs: 0,
  rows: 0,
  sharedBlocksHit: 0,
  sharedBlocksRead: 0,
  tempBlocksWritten: 0,
  walBytes: 0,
} satisfies Partial<StatementRow>;

type Counters = Pick<StatementRow, keyof typeof NOTHING>;

function identityOf({ queryId, databaseOid, roleOid }: Pick<StatementRow, "queryId" | "databaseOid" | "roleOid">): string {
  return `${queryId} ${databaseOid} ${roleOid}`;
}

/** Averages are the window's where it ran in the window, else of all its calls. */
function describe(row: StatementRow, before: Counters, seconds: number): Statement {
  const inWindow = (counter: (row: Counters) => number) => increase(counter(before), counter(row));
  const perSecond = (counter: (row: Counters) => number) => (seconds > 0 ? inWindow(counter) / seconds : 0);
  const calls = inWindow((one) => one.calls);
  const perCall = (counter: (row: Counters) => number) => (calls > 0 ? inWindow(counter) / calls : counter(row) / Math.max(row.calls, 1));
  return {
    queryId: row.queryId,
    database: "",
    role: "",
    query: "",
    callsPerSecond: perSecond((one) => one.calls),
    timePerSecondMs: perSecond((one) => one.timeMs),
    meanMs: perCall((one) => one.timeMs),
    rowsPerCall: perCall((one) => one.rows),
    sharedBlocksHitPerSecond: perSecond((one) => one.sharedBlocksHit),
    sharedBlocksReadPerSecond: perSecond((one) => one.sharedBlocksRead),
    tempBlocksWrittenPerSecond: perSecond((one) => one.tempBlocksWritten),
    walBytesPerSecond: perSecond((one) => one.walBytes),
    totalCalls: row.calls,
    totalTimeMs: row.timeMs,
    totalTempBlocksWritten: row.tempBlocksWritten,
    jitTimeMs: row.jitTimeMs,
  };
}
