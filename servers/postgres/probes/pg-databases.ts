import type { PgDatabases } from "../../../diagnosis/evidence/pg-storage.ts";
import { increase, ratePerSecond } from "../counters.ts";
import { databaseSizes } from "../database-sizes.ts";
import { defineProbe, type ProbeContext } from "../probe.ts";
import { type DatabaseRow, selectDatabases } from "../queries/databases.ts";

const DATABASE_CAP = 200;

/** Databases: rates from two readings of pg_stat_database, sizes, freeze ages. Opens no relation. */
export const databases = defineProbe({
  id: "pg.databases",

  begin: read,

  async run(context, first: readonly DatabaseRow[], elapsedSeconds): Promise<PgDatabases> {
    const before = new Map(first.map((row) => [row.oid, row]));
    const sizes = await databaseSizes(context);
    const rows = await read(context);
    return {
      windowSeconds: elapsedSeconds,
      databases: rows.map((row) => describe(row, before.get(row.oid), sizes.get(row.name) ?? null, elapsedSeconds)),
    };
  },
});

function read({ sql, server }: ProbeContext): Promise<readonly DatabaseRow[]> {
  return selectDatabases(sql, server.versionNum, DATABASE_CAP);
}

function describe(
  row: DatabaseRow,
  before: DatabaseRow | undefined,
  sizeBytes: number | null,
  seconds: number,
): PgDatabases["databases"][number] {
  const rate = (counter: (row: DatabaseRow) => number) => ratePerSecond(before && counter(before), counter(row), seconds);
  const blocksHit = increase(before?.blocksHit, row.blocksHit);
  const blocksRead = increase(before?.blocksRead, row.blocksRead);
  const { name, connections, connectionLimit, allowsConnections, isTemplate, freezeAge, multixactAge, statsReset } = row;
  return {
    name,
    sizeBytes,
    connections,
    connectionLimit,
    allowsConnections,
    isTemplate,
    commitsPerSecond: rate(({ commits }) => commits),
    rollbacksPerSecond: rate(({ rollbacks }) => rollbacks),
    blocksReadPerSecond: rate((one) => one.blocksRead),
    blocksHitPerSecond: rate((one) => one.blocksHit),
    hitRatio: blocksHit + blocksRead > 0 ? blocksHit / (blocksHit + blocksRead) : null,
    rowsReturnedPerSecond: rate(({ rowsReturned }) => rowsReturned),
    rowsFetchedPerSecond: rate(({ rowsFetched }) => rowsFetched),
    rowsInsertedPerSecond: rate(({ rowsInserted }) => rowsInserted),
    rowsUpdatedPerSecond: rate(({ rowsUpdated }) => rowsUpdated),
    rowsDeletedPerSecond: rate(({ rowsDeleted }) => rowsDeleted),
    tempFilesInWindow: increase(before?.tempFiles, row.tempFiles),
    tempBytesPerSecond: rate(({ tempBytes }) => tempBytes),
    deadlocksInWindow: increase(before?.deadlocks, row.deadlocks),
    deadlocksTotal: row.deadlocks,
    conflictsInWindow: increase(before?.conflicts, row.conflicts),
    conflictsTotal: row.conflicts,
    sessionsStartedInWindow: row.sessions === null ? null : increase(before?.sessions, row.sessions),
    checksumFailures: row.checksumFailures,
    checksumLastFailure: row.checksumLastFailure,
    freezeAge,
    multixactAge,
    statsReset,
  };
}
