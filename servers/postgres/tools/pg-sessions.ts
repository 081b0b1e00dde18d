import { z } from "zod";
import { PgSessions, Session } from "../../../diagnosis/evidence/pg-activity.ts";
import { duration } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { selectSessions } from "../queries/sessions.ts";
import { seen } from "../seen.ts";
import { toSession } from "../session.ts";
import { quotedQuery, whatItDoes, whoIs } from "../session-line.ts";

const GROUP_CAP = 10;
const QUERY_CHARACTERS = 60;
/** Ten years; PostgreSQL's intervals end somewhere beyond. */
const MAX_AGE_SECONDS = 315_360_000;

const Summary = PgSessions.omit({ oldestTransactions: true, longestStatements: true, idleInTransactionSessions: true });

export const listSessions = defineTool({
  name: "pg_sessions",
  title: "List sessions",
  effect: "read",
  description:
    "Client sessions: totals by state, the largest origins, and a list with the oldest transaction first. " +
    "Use when connections run out, or a transaction is open for too long. Gives the pid and backendStart that pg_cancel_query and pg_terminate_session take.",
  input: {
    state: z.enum(["active", "idle", "idle in transaction", "idle in transaction (aborted)"]).optional(),
    application: z.string().max(64).optional().describe("Exactly this application_name"),
    role: z.string().max(64).optional(),
    database: z.string().max(64).optional(),
    minXactAgeSeconds: z.number().min(0).max(MAX_AGE_SECONDS).default(0).describe("Hide younger transactions, and sessions without one"),
    limit: z.number().int().min(1).max(200).default(20),
  },
  output: { ...Summary.shape, sessions: z.array(Session), truncated: z.boolean() },

  async run(
    { state, application, role, database, minXactAgeSeconds, limit },
    { sql, server, collect }: Pick<PostgresContext, "sql" | "server" | "collect">,
  ) {
    const evidence = seen(await collect({ only: ["pg.sessions"], seconds: 0 }), "pg.sessions");
    const { versionNum, backendPid } = await server();
    const filter = {
      state: state ?? null,
      application: application ?? null,
      role: role ?? null,
      database: database ?? null,
      minXactAgeSeconds,
    };
    const rows = await selectSessions(sql, versionNum, [backendPid], filter, limit + 1);
    const summary = Summary.parse(evidence);
    return {
      ...summary,
      groups: summary.groups.slice(0, GROUP_CAP),
      sessions: rows.slice(0, limit).map(toSession),
      truncated: rows.length > limit,
    };
  },

  render(result) {
    const { total, active, waitingForLock, idle, idleInTransaction, idleInTransactionAborted, statesVisible, sessions, truncated } = result;
    const states = `${active} active (${waitingForLock} waiting for a lock), ${idle} idle, ${idleInTransaction} idle in a transaction, ${idleInTransactionAborted} in an aborted one`;
    return [
      statesVisible
        ? `${total} client sessions: ${states}.`
        : `${total} client sessions. Other roles' states are hidden from this role: grant pg_monitor to it.`,
      ...result.groups.map(
        (group) =>
          `  ${group.total} "${group.application}" (${group.role}@${group.database}${group.client === null ? "" : ` from ${group.client}`}): ` +
          `${group.active} active, ${group.idle} idle, ${group.idleInTransaction} idle in a transaction` +
          (group.oldestXactSeconds === null ? "" : `, oldest transaction ${duration(group.oldestXactSeconds)}`),
      ),
      ...(sessions.length === 0 ? ["No session matches."] : ["Oldest transaction first:"]),
      ...sessions.map(
        (session) =>
          `  ${whoIs(session)} [${session.backendStart}]: ${whatItDoes(session)}: ${quotedQuery(session.query, QUERY_CHARACTERS)}`,
      ),
      ...(truncated ? ["There are more: filter, or raise limit."] : []),
    ].join("\n");
  },
});
