import { z } from "zod";
import { plural } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { pollUntil } from "../poll.ts";
import { terminateSession as signal } from "../queries/signal.ts";
import { findSession, findSignalTarget, outcomeGone, SESSION_INPUT, signallingSql, transactionLoss } from "../signal-target.ts";

/** A backend looks at the signal when it next may; rolling back takes no time in PostgreSQL. */
const VERIFY_MS = 5000;
const DEADLINE_SECONDS = 20;

export const terminateSession = defineTool({
  name: "pg_terminate_session",
  title: "Terminate a session",
  effect: "destroy",
  description:
    "Ends one client session: its open transaction is rolled back, its locks and its connection slot are freed. " +
    "For sessions that are idle in a transaction; where a statement runs, pg_cancel_query is gentler.",
  input: SESSION_INPUT,
  output: { pid: z.number(), backendStart: z.string(), signalled: z.boolean() },
  deadlineSeconds: () => DEADLINE_SECONDS,

  async plan(id, context: Pick<PostgresContext, "sql" | "server">) {
    const { row, blocked, text } = await findSignalTarget(id, context, "terminate");
    return {
      summary: `Terminate ${text}`,
      object: {
        kind: "session",
        pid: id.pid,
        backendStart: id.backendStart,
        application: row.application,
        role: row.role,
        database: row.database,
      },
      blastRadius:
        `${transactionLoss(row)} The client loses its connection` +
        `${row.state === "active" ? " in the middle of a statement" : ""}; ${plural(blocked, "session")} that it blocks can go on.`,
      undo: "None. The client can connect again; what it had not committed is gone.",
      observed: { pid: id.pid, backendStart: row.backendStart, state: stateClass(row.state), xactStart: row.xactStart },
    };
  },

  async run(id, { act, sql, server }: Pick<PostgresContext, "act" | "sql" | "server">) {
    const [row] = await signal(await signallingSql({ act, sql, server }), id.pid, id.backendStart);
    if (row === undefined) throw outcomeGone(id);
    return { ...id, signalled: row.signalled };
  },

  async verify(id, context: Pick<PostgresContext, "sql" | "server" | "call">) {
    const left = await pollUntil(
      () => findSession(id, context),
      (row) => row === null,
      { signal: context.call.signal, timeoutMs: VERIFY_MS },
    );
    if (left === null) return { worked: true, says: `session ${id.pid} has ended; its locks and its slot are free`, after: null };
    const waits = left.waitEvent === null ? "" : `, waiting for ${left.waitEventType}/${left.waitEvent}`;
    return {
      worked: false,
      says: `session ${id.pid} is still there ${VERIFY_MS / 1000} s later (${left.state ?? "state unknown"}${waits}); it ends when it next looks at signals`,
      after: { pid: id.pid, state: left.state, waitEventType: left.waitEventType, waitEvent: left.waitEvent },
    };
  },

  render: ({ pid, signalled }) => (signalled ? `Told session ${pid} to end.` : `PostgreSQL found no process ${pid} any more.`),
});

function stateClass(state: string | null): string | null {
  return state === "fastpath function call" ? "active" : state;
}
