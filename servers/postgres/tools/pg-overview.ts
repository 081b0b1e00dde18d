import { z } from "zod";
import { PgSessions } from "../../../diagnosis/evidence/pg-activity.ts";
import { PgConnect, PgServer, PgSlots } from "../../../diagnosis/evidence/pg-connection.ts";
import { PgDatabases } from "../../../diagnosis/evidence/pg-storage.ts";
import type { EvidenceId } from "../../../diagnosis/evidence.ts";
import { UnseenReason } from "../../../diagnosis/evidence.ts";
import { duration, instant, plural, size } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { seenOrNull } from "../seen.ts";

const EVIDENCE = ["pg.connect", "pg.server", "pg.slots", "pg.sessions", "pg.databases"] as const satisfies readonly EvidenceId[];
const SAMPLING_SECONDS = 1;
const DEADLINE_SECONDS = 12;
const DATABASE_CAP = 20;
const LIMIT_CAP = 5;

const Database = PgDatabases.shape.databases.element.pick({
  name: true,
  sizeBytes: true,
  connections: true,
  commitsPerSecond: true,
  rollbacksPerSecond: true,
  hitRatio: true,
  blocksReadPerSecond: true,
  tempBytesPerSecond: true,
  deadlocksInWindow: true,
  freezeAge: true,
});
const Sessions = PgSessions.pick({
  total: true,
  active: true,
  idle: true,
  idleInTransaction: true,
  waitingForLock: true,
  statesVisible: true,
});

export const overview = defineTool({
  name: "pg_overview",
  title: "Show the server at a glance",
  effect: "read",
  description:
    "Whether the database can be reached, version and flavour, uptime, what our role may do, connection slots, and databases with sizes and rates. " +
    "Facts without a verdict: pg_diagnose judges.",
  input: {},
  output: {
    reachable: z.boolean(),
    connection: PgConnect.nullable(),
    server: PgServer.nullable(),
    slots: PgSlots.nullable(),
    sessions: Sessions.nullable(),
    databases: z.array(Database).nullable().describe("Largest first, templates left out; rates over one second"),
    truncated: z.boolean(),
    unseen: z.array(z.object({ evidence: z.string(), because: UnseenReason, hint: z.string() })),
  },
  deadlineSeconds: () => DEADLINE_SECONDS,

  async run(_args: Record<string, never>, { collect }: Pick<PostgresContext, "collect">) {
    const snapshot = await collect({ only: EVIDENCE, seconds: SAMPLING_SECONDS });
    const connection = seenOrNull(snapshot, "pg.connect");
    const all = seenOrNull(snapshot, "pg.databases")
      ?.databases.filter(({ isTemplate }) => !isTemplate)
      .toSorted((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0));
    const sessions = seenOrNull(snapshot, "pg.sessions");
    return {
      // A connection that was kept from before may still work where a new one is refused.
      reachable: connection?.outcome === "connected" || seenOrNull(snapshot, "pg.server") !== null,
      connection,
      server: seenOrNull(snapshot, "pg.server"),
      slots: seenOrNull(snapshot, "pg.slots"),
      sessions: sessions === null ? null : Sessions.parse(sessions),
      databases: all?.slice(0, DATABASE_CAP).map((database) => Database.parse(database)) ?? null,
      truncated: (all?.length ?? 0) > DATABASE_CAP,
      unseen: EVIDENCE.flatMap((evidence) => {
        const gathered = snapshot.evidence[evidence];
        return gathered?.outcome === "unseen" ? [{ evidence, because: gathered.because, hint: gathered.hint }] : [];
      }),
    };
  },

  render: ({ connection, server, slots, sessions, databases, truncated, unseen }) =>
    [
      ...(connection === null ? [] : [connectionLine(connection)]),
      ...(server === null ? [] : serverLines(server)),
      ...(slots === null ? [] : slotLines(slots)),
      ...(sessions === null ? [] : [sessionLine(sessions)]),
      ...(databases ?? []).map(databaseLine),
      ...(truncated ? [`  … and smaller databases; the ${DATABASE_CAP} largest are shown`] : []),
      ...unseen.map(({ evidence, because, hint }) => `Not seen: ${evidence} (${because}${hint === "" ? "" : `; ${hint}`})`),
    ].join("\n"),
});

function connectionLine({ outcome, host, port, database, role, latencyMs, tls, stage, sqlState, errorCode }: PgConnect): string {
  const at = `${host}:${port}/${database} as ${role}`;
  if (outcome === "connected") return `Reachable: ${at} in ${Math.round(latencyMs)} ms, ${tls === null ? "without TLS" : tls.version}.`;
  return `Cannot connect to ${at}: ${sqlState === null ? errorCode : `SQLSTATE ${sqlState}`} at the step "${stage}". pg_diagnose says what to do.`;
}

function serverLines({ version, flavour, inRecovery, uptimeSeconds, startedAt, role }: PgServer): string[] {
  const short = /^\S+ \S+/.exec(version)?.[0] ?? version;
  const kind = inRecovery ? "standby" : "primary";
  const may = [
    role.superuser ? "superuser" : null,
    role.monitor ? "pg_monitor" : null,
    role.signalBackend ? "pg_signal_backend" : null,
    role.replication ? "replication" : null,
    role.mayUseReservedSlots ? "reserved slots" : null,
  ].filter((one) => one !== null);
  const lacks = role.readAllStats ? "" : "; other roles' sessions are hidden: grant pg_monitor to it";
  return [
    `${short} (${flavour}), ${kind}, up ${duration(uptimeSeconds)} since ${instant(startedAt)}.`,
    `Our role ${role.name}: ${may.length === 0 ? "no grants for looking" : may.join(", ")}${lacks}.`,
  ];
}

function slotLines({ max, reserved, usable, used, ours, roles, databases }: PgSlots): string[] {
  const limits = [
    ...roles.map(({ role, limit, used: taken }) => `role ${role} ${taken} of ${limit}`),
    ...databases.map(({ database, limit, used: taken }) => `database ${database} ${taken} of ${limit}`),
  ].slice(0, LIMIT_CAP);
  return [
    `Connection slots: ${used} of ${usable} used (max_connections ${max}, ${reserved} reserved; ${ours} ours).`,
    ...(limits.length === 0 ? [] : [`Limits of their own: ${limits.join(", ")}.`]),
  ];
}

function sessionLine({ total, active, idle, idleInTransaction, waitingForLock, statesVisible }: z.output<typeof Sessions>): string {
  if (!statesVisible) return `${plural(total, "client session")}; states hidden.`;
  return `${plural(total, "client session")} besides ours: ${active} active, ${idle} idle, ${idleInTransaction} idle in a transaction, ${waitingForLock} waiting for a lock.`;
}

function databaseLine(database: z.output<typeof Database>): string {
  const { name, sizeBytes, connections, commitsPerSecond, rollbacksPerSecond, hitRatio } = database;
  const hits = hitRatio === null ? "" : `, ${(hitRatio * 100).toFixed(1)} % of block reads from cache`;
  return (
    `  ${name}: ${sizeBytes === null ? "size hidden" : size(sizeBytes)}, ${plural(connections, "connection")}, ` +
    `${commitsPerSecond.toFixed(1)} commits/s, ${rollbacksPerSecond.toFixed(1)} rollbacks/s${hits}`
  );
}
