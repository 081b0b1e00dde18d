import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PgStatements } from "../../../diagnosis/evidence/pg-storage.ts";
import { duration, instant, size } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { beginStatements, byTime, readStatements, type Statement } from "../probes/pg-statements.ts";
import { quotedQuery } from "../session-line.ts";
import { textTable } from "../text-table.ts";

/** Beyond the window: three statements of at most 5 s that take milliseconds. */
const GRACE_SECONDS = 10;
const LINE_CHARACTERS = 70;

const ORDERS = {
  time: byTime,
  calls: by(
    (one) => one.callsPerSecond,
    (one) => one.totalCalls,
  ),
  mean: by(
    (one) => (one.callsPerSecond > 0 ? one.meanMs : 0),
    (one) => one.meanMs,
  ),
  rows: by(
    (one) => one.rowsPerCall * one.callsPerSecond,
    (one) => one.rowsPerCall * one.totalCalls,
  ),
  reads: by(
    (one) => one.sharedBlocksReadPerSecond,
    (one) => one.totalTimeMs,
  ),
  temp: by(
    (one) => one.tempBlocksWrittenPerSecond,
    (one) => one.totalTempBlocksWritten,
  ),
  wal: by(
    (one) => one.walBytesPerSecond,
    (one) => one.totalTimeMs,
  ),
} as const;

type Order = (a: Statement, b: Statement) => number;

/** Within the window first, then since the reset. */
function by(inWindow: (one: Statement) => number, total: (one: Statement) => number): Order {
  return (a, b) => inWindow(b) - inWindow(a) || total(b) - total(a);
}

export const topStatements = defineTool({
  name: "pg_top_statements",
  title: "Show the dearest statements",
  effect: "read",
  description:
    "Statements by what they cost right now: pg_stat_statements read twice, and the totals since its reset. " +
    "Use when the server is busy, or to find what spills to disk, writes WAL or runs too often.",
  input: {
    orderBy: z.enum(["time", "calls", "mean", "rows", "reads", "temp", "wal"]).default("time"),
    seconds: z.number().min(0.2).max(30).default(3).describe("Between the two readings"),
    limit: z.number().int().min(1).max(50).default(10),
  },
  output: { ...PgStatements.shape, blockBytes: z.number() },
  deadlineSeconds: ({ seconds }) => seconds + GRACE_SECONDS,

  async run({ orderBy, seconds, limit }, { sql, server, call }: Pick<PostgresContext, "sql" | "server" | "call">) {
    const reading = { sql, server: await server() };
    try {
      const first = await beginStatements(reading);
      const at = performance.now();
      await sleep(seconds * 1000, undefined, { signal: call.signal });
      const read = await readStatements(reading, first, (performance.now() - at) / 1000, limit, ORDERS[orderBy]);
      return { ...read, blockBytes: reading.server.blockBytes };
    } catch (error) {
      const { toToolError } = await import("../errors.ts");
      throw toToolError(error);
    }
  },

  render({ windowSeconds, statsReset, deallocations, entries, statements, blockBytes }) {
    const since = statsReset === null ? "" : `, counted since ${instant(statsReset)}`;
    const lost = deallocations ? `; ${deallocations} times the least used were thrown out (pg_stat_statements.max is too low)` : "";
    return [
      `${entries} statements known${since}${lost}. Rates within ${duration(windowSeconds)}:`,
      ...textTable(
        ["ms/s", "calls/s", "ms/call", "rows/call", "read/s", "temp/s", "WAL/s", "total", "database", "statement"],
        statements.map((one) => [
          one.timePerSecondMs,
          one.callsPerSecond,
          one.meanMs,
          one.rowsPerCall,
          size(one.sharedBlocksReadPerSecond * blockBytes),
          size(one.tempBlocksWrittenPerSecond * blockBytes),
          size(one.walBytesPerSecond),
          duration(one.totalTimeMs / 1000),
          one.database,
          quotedQuery(one.query, LINE_CHARACTERS),
        ]),
      ),
    ].join("\n");
  },
});
