import { z } from "zod";
import { duration, plural } from "../../../diagnosis/report/quantity.ts";
import { ToolError } from "../../../kernel/errors.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { pollUntil } from "../poll.ts";
import { cancelStatement, type SignalTargetRow, selectBlockedCount } from "../queries/signal.ts";
import { findSession, findSignalTarget, outcomeGone, SESSION_INPUT, signallingSql, transactionLoss } from "../signal-target.ts";

const VERIFY_MS = 5000;
const DEADLINE_SECONDS = 20;
const WAITER_CAP = 1000;

/** What the approval is bound to, read back from the plan. */
const Observed = z.object({ queryStart: z.string(), xactStart: z.string().nullable() });

export const cancelQuery = defineTool({
  name: "pg_cancel_query",
  title: "Cancel a statement",
  effect: "write",
  description:
    "Cancels the statement that one session runs now. Its transaction fails, which frees the locks it took; the session stays. " +
    "Does nothing for an idle session: that takes pg_terminate_session.",
  input: SESSION_INPUT,
  output: { pid: z.number(), backendStart: z.string(), signalled: z.boolean() },
  deadlineSeconds: () => DEADLINE_SECONDS,

  async plan(id, context: Pick<PostgresContext, "sql" | "server">) {
    const { row, blocked, text } = await findSignalTarget(id, context, "cancel");
    if (!isRunning(row) || row.queryStart === null) throw nothingToCancel(row);
    return {
      summary: `Cancel the statement of ${text}`,
      object: {
        kind: "session",
        pid: id.pid,
        backendStart: id.backendStart,
        application: row.application,
        role: row.role,
        database: row.database,
      },
      blastRadius: blastRadius(row, blocked),
      undo: "None. The client can run the statement again.",
      observed: { pid: id.pid, backendStart: row.backendStart, state: "active", queryStart: row.queryStart, xactStart: row.xactStart },
    };
  },

  async run(id, { act, sql, server }: Pick<PostgresContext, "act" | "sql" | "server">, plan) {
    const { queryStart } = Observed.parse(plan.observed);
    const [row] = await cancelStatement(await signallingSql({ act, sql, server }), id.pid, id.backendStart, queryStart);
    if (row === undefined) throw outcomeGone(id);
    return { ...id, signalled: row.signalled };
  },

  async verify(id, context: Pick<PostgresContext, "sql" | "server" | "call">, plan) {
    const { queryStart, xactStart } = Observed.parse(plan.observed);
    const isStopped = (row: SignalTargetRow | null) => row === null || !isRunning(row) || row.queryStart !== queryStart;
    const row = await pollUntil(() => findSession(id, context), isStopped, { signal: context.call.signal, timeoutMs: VERIFY_MS, times: 2 });
    if (row === null) return { worked: true, says: `session ${id.pid} has ended, and its statement with it`, after: null };
    const after = { pid: id.pid, state: row.state, waitEventType: row.waitEventType, waitEvent: row.waitEvent };
    if (!isStopped(row)) {
      const waits = row.waitEvent === null ? "on a processor" : `in ${row.waitEventType}/${row.waitEvent}`;
      return { worked: false, says: `the statement still runs after ${duration(VERIFY_MS / 1000)} (${waits}): ${IGNORED}`, after };
    }
    // What was written before a savepoint stays locked: the statement is gone, the trouble is not.
    const isSameTransaction = row.state === "idle in transaction (aborted)" || (row.xactStart !== null && row.xactStart === xactStart);
    const blocked = isSameTransaction ? await selectBlockedCount(context.sql, id.pid, WAITER_CAP) : 0;
    if (blocked > 0) {
      return {
        worked: false,
        says: `the statement was cancelled, but its transaction goes on and still blocks ${plural(blocked, "session")}; pg_terminate_session ends it`,
        after: { ...after, blocked },
      };
    }
    return {
      worked: true,
      says: `the statement has ended; session ${id.pid} is ${row.state ?? "in an unknown state"} and blocks nobody`,
      after,
    };
  },

  render: ({ pid, signalled }) =>
    signalled ? `Told session ${pid} to cancel its statement.` : `PostgreSQL found no process ${pid} any more.`,
});

const IGNORED = "it looks at a cancel only between two steps, and not while it sends to a client that does not read";

/** An autovacuum worker has a state without being asked anything. */
function isRunning({ state, backendType }: SignalTargetRow): boolean {
  return state === "active" || state === "fastpath function call" || (backendType === "autovacuum worker" && state === null);
}

function nothingToCancel({ pid, state }: SignalTargetRow): ToolError {
  if (state === null) {
    return new ToolError("UNSUPPORTED", `What session ${pid} does cannot be seen`, {
      hint: "track_activities is off, or the session is still logging in.",
    });
  }
  return new ToolError("NOT_FOUND", `Session ${pid} runs no statement (${state}): there is nothing to cancel`, {
    hint: "pg_terminate_session ends the session and its transaction.",
  });
}

function blastRadius(row: SignalTargetRow, blocked: number): string {
  if (row.backendType === "autovacuum worker") {
    const wraparound = row.query?.includes("to prevent wraparound")
      ? " It prevents transaction id wraparound: do this only to let something short through."
      : "";
    return `The vacuum of this table stops where it is and is begun again later; ${plural(blocked, "session")} that it blocks can go on.${wraparound}`;
  }
  return `The statement fails with SQLSTATE 57014. ${transactionLoss(row)} ${plural(blocked, "session")} that it blocks can go on.`;
}
