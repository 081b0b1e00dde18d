import { size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** A week has every weekday's work in it; month-ends are named in the advice. */
const MIN_STATS_SECONDS = 7 * 86_400;
const MIN_BYTES = 10 * 1_048_576;
const TABLES = 5;

/**
 * Large indexes without a single scan since the statistics began, on a server where that is long ago. Fresh statistics
 * say nothing, and a standby's own statistics say nothing about the primary.
 */
export const indexUnused = defineRule({
  id: "pg-index-unused",
  title: "A table has large indexes that no query uses",
  why: "Each costs disk, cache and a share of every write, and gives nothing back.",
  gravest: "advice",
  needs: ["pg.indexes"],
  wants: ["pg.server", "pg.replication", "pg.tables"],

  judge({ "pg.indexes": indexes, "pg.server": server, "pg.replication": replication, "pg.tables": tables }) {
    if (server?.inRecovery === true) return [];
    const counted = indexes.statsAgeSeconds ?? server?.uptimeSeconds ?? 0;
    if (counted < MIN_STATS_SECONDS) return [];

    const redundant = new Set(indexes.duplicates.map(({ schema, name }) => JSON.stringify([schema, name])));
    const unused = indexes.unused.filter(
      ({ schema, name, sizeBytes }) => sizeBytes >= MIN_BYTES && !redundant.has(JSON.stringify([schema, name])),
    );
    const groups = [...Map.groupBy(unused, ({ schema, table }) => JSON.stringify([schema, table])).values()];
    return groups
      .flatMap((group) => {
        const first = group[0];
        return first === undefined ? [] : [{ first, group, bytes: group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }];
      })
      .toSorted((a, b) => b.bytes - a.bytes)
      .slice(0, TABLES)
      .map(({ first, group, bytes }) => {
        const table = tables?.tables.find(({ schema, name }) => schema === first.schema && name === first.table);
        const days = Math.floor(counted / 86_400);
        return {
          severity: "advice" as const,
          object: { kind: "relation" as const, schema: first.schema, name: first.table },
          about: group.map(({ schema, name, table: of }) => ({ kind: "index" as const, schema, name, table: of })),
          summary: `${first.schema}.${first.table} has ${group.length} ${group.length === 1 ? "index" : "indexes"} (${size(bytes)}) without a scan in ${days} days: ${group.map(({ name }) => name).join(", ")}`,
          facts: {
            indexes: group.map(({ schema, name }) => `${schema}.${name}`),
            sizeBytes: bytes,
            statsDays: days,
            standbys: replication?.senders.length ?? 0,
            rowsWrittenPerSecond:
              table === undefined ? null : table.rowsInsertedPerSecond + table.rowsUpdatedPerSecond + table.rowsDeletedPerSecond,
          },
        };
      });
  },

  clear: ({ "pg.indexes": { statsAgeSeconds, unused } }) =>
    `${unused.length} indexes have not been scanned in the ${Math.floor((statsAgeSeconds ?? 0) / 86_400)} days that statistics cover, none of them large for long`,
});
