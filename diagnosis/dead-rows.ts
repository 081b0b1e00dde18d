import type { PgTables, Table } from "./evidence/pg-storage.ts";
import { grouped, size } from "./report/quantity.ts";

/** Below these nobody feels dead rows, whatever the ratio. */
export const MIN_DEAD_ROWS = 10_000;
const MIN_TABLE_BYTES = 8 * 1_048_576;

/** The size is as old as the last vacuum or analyze: a table that has filled with dead rows since is not small. */
export function isSmall({ sizeBytes, deadRows }: Table): boolean {
  return sizeBytes < MIN_TABLE_BYTES && deadRows < 10 * MIN_DEAD_ROWS;
}

/** Without a size where none was ever counted: before the first vacuum or analyze. */
export function deadRowsText({ deadRows, liveRows, sizeBytes }: Table): string {
  return `${grouped(deadRows)} dead rows beside ${grouped(liveRows)} live ones${sizeBytes === 0 ? "" : ` in ${size(sizeBytes)}`}`;
}

/** A table whose dead rows the last vacuum saw and had to leave. */
export interface StuckTable {
  readonly table: Table;
  /** At least so many were there when it was vacuumed last. */
  readonly rows: number;
  readonly vacuumedSecondsAgo: number;
}

/**
 * Tables with more dead rows than autovacuum's threshold, although they were vacuumed since those rows died.
 *
 * Rows that died after that vacuum are subtracted: by the changes since the last ANALYZE where one ran together with the
 * vacuum (as autovacuum does), else by twice the present rate. Without this every busy queue table looks stuck.
 */
export function stuckTables({ tables }: PgTables, takenAt: string): StuckTable[] {
  return tables.flatMap((table) => {
    if (isSmall(table) || table.deadRows < MIN_DEAD_ROWS) return [];
    const vacuumedSecondsAgo = secondsSince([table.lastVacuum, table.lastAutovacuum], takenAt);
    if (vacuumedSecondsAgo === null) return [];
    const rows = table.deadRows - diedSince(table, vacuumedSecondsAgo, takenAt);
    return rows >= Math.max(table.vacuumThresholdRows, MIN_DEAD_ROWS) ? [{ table, rows, vacuumedSecondsAgo }] : [];
  });
}

/** So far over the threshold that it has not been a matter of one more round of autovacuum for long. */
const FAR = 5;

export function isFarOverThreshold(table: Table): boolean {
  return !isSmall(table) && table.deadRows >= Math.max(MIN_DEAD_ROWS, FAR * table.vacuumThresholdRows);
}

const TOGETHER_SECONDS = 60;

function diedSince(table: Table, vacuumedSecondsAgo: number, takenAt: string): number {
  const byRate = 2 * (table.rowsUpdatedPerSecond + table.rowsDeletedPerSecond) * vacuumedSecondsAgo;
  const analyzedSecondsAgo = secondsSince([table.lastAnalyze, table.lastAutoanalyze], takenAt);
  if (analyzedSecondsAgo === null) return byRate;
  const secondsLater = vacuumedSecondsAgo - analyzedSecondsAgo;
  if (secondsLater >= 0) return secondsLater <= TOGETHER_SECONDS ? table.modifiedSinceAnalyze : byRate;
  // Analyzed before it was vacuumed: what has changed since then is more than what has changed since the vacuum.
  return Math.min(byRate, table.modifiedSinceAnalyze);
}

/** Seconds since the latest of some times; null when there was none. */
function secondsSince(times: readonly (string | null)[], takenAt: string): number | null {
  const past = times.flatMap((time) => (time === null ? [] : [Date.parse(time)]));
  return past.length === 0 ? null : Math.max(0, (Date.parse(takenAt) - Math.max(...past)) / 1000);
}
