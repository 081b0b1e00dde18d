import type { PgServer } from "../../../diagnosis/evidence/pg-connection.ts";
import { defineProbe, type ProbeContext } from "../probe.ts";
import { selectFlavour, selectServer, selectStartTime } from "../queries/server.ts";

/** The server, and what our own role may do in it. Reads the start time twice: a restart in between is worth knowing. */
export const server = defineProbe({
  id: "pg.server",

  begin: ({ sql }: ProbeContext) => selectStartTime(sql),

  async run({ sql, server: facts, target }, startedBefore): Promise<PgServer> {
    const row = await selectServer(sql);
    return {
      versionNum: facts.versionNum,
      version: facts.version,
      flavour: await selectFlavour(sql),
      startedAt: row.startedAt,
      uptimeSeconds: row.uptimeSeconds,
      configLoadedAt: row.configLoadedAt,
      inRecovery: row.inRecovery,
      expectedRole: target.expectedRole,
      defaultTransactionReadOnly: row.defaultTransactionReadOnly,
      database: facts.database,
      role: {
        name: facts.role,
        superuser: facts.superuser,
        replication: row.replication,
        monitor: facts.monitor,
        readAllStats: row.readAllStats,
        readAllSettings: row.readAllSettings,
        signalBackend: row.signalBackend,
        mayUseReservedSlots: facts.superuser || row.reservedConnections,
      },
      dataChecksums: row.dataChecksums,
      postmasterRestartedDuringSampling: startedBefore !== undefined && startedBefore !== row.startedAt,
    };
  },
});
