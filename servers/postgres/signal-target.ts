import { z } from "zod";
import { duration, plural } from "../../diagnosis/report/quantity.ts";
import { ToolError } from "../../kernel/errors.ts";
import type { PostgresContext } from "./context.ts";
import { type SignalTargetRow, selectBlockedCount, selectSignalTarget } from "./queries/signal.ts";
import { toSession } from "./session.ts";
import { quotedQuery, whatItDoes, whoIs } from "./session-line.ts";
import type { Sql } from "./sql.ts";

/** What pg_cancel_query and pg_terminate_session share: finding the session, refusing the wrong ones, and telling about it. */
export const SESSION_INPUT = {
  pid: z.int32().min(1),
  backendStart: z.iso
    .datetime({ offset: true })
    .describe("backend_start of that session, exactly as another tool gave it: a pid alone can be somebody else by now"),
} as const;

export interface SessionId {
  readonly pid: number;
  readonly backendStart: string;
}

/** A session that may be signalled. */
export interface SignalTarget {
  readonly row: SignalTargetRow;
  readonly blocked: number;
  /** `Session 4711 "checkout" (app@orders from 10.0.0.21): idle in transaction for 312 s, ...` */
  readonly text: string;
}

export type Looking = Pick<PostgresContext, "sql" | "server">;

const WAITER_CAP = 1000;
const QUERY_CHARACTERS = 200;

/** Throws NOT_FOUND, DENIED or NO_PERMISSION where it must not, or cannot, be signalled. */
export async function findSignalTarget(id: SessionId, { sql, server }: Looking, signal: "cancel" | "terminate"): Promise<SignalTarget> {
  const { versionNum, superuser, role } = await server();
  const row = await findSession(id, { sql, server });
  if (row === null) throw gone(id);
  refuseTheWrongOnes(row, signal);
  const isAutovacuum = row.backendType === "autovacuum worker";
  const may = superuser || (isAutovacuum ? row.maySignalAutovacuum : row.maySignal);
  if (!may) throw lacksGrant(isAutovacuum, versionNum, role);
  const blocked = await selectBlockedCount(sql, id.pid, WAITER_CAP);
  const session = toSession(row);
  const says = session.state === "active" ? "runs" : "last ran";
  const text = `session ${whoIs(session)}: ${whatItDoes(session)}, ${says} ${quotedQuery(session.query, QUERY_CHARACTERS)}; it blocks ${plural(blocked, "session")}`;
  return { row, blocked, text };
}

/** Null: there is no such session any more. */
export async function findSession({ pid, backendStart }: SessionId, { sql, server }: Looking): Promise<SignalTargetRow | null> {
  const { versionNum } = await server();
  const row = await selectSignalTarget(sql, versionNum, pid);
  if (row === undefined) return null;
  if (row.backendStart === null) {
    throw new ToolError(
      "NO_PERMISSION",
      `Session ${pid} is of another role, and this role may not see when it began, so it cannot be told apart`,
      {
        hint: "Grant pg_monitor to the role; `helpdesk init` prints the SQL.",
      },
    );
  }
  return isSameInstant(row.backendStart, backendStart) ? row : null;
}

/** "2026-11-22T09:12:33.1Z" and "2026-11-22T10:12:33.100000+01:00" are one; milliseconds are all that Date would compare. */
function isSameInstant(a: string, b: string): boolean {
  const microseconds = (text: string) => (/\.(\d{1,6})/.exec(text)?.[1] ?? "").padEnd(6, "0");
  return Date.parse(a) === Date.parse(b) && microseconds(a) === microseconds(b);
}

function gone({ pid, backendStart }: SessionId): ToolError {
  return new ToolError("NOT_FOUND", `There is no session ${pid} that began at ${backendStart}: it has ended`, {
    hint: "pg_sessions and pg_lock_tree show what is there now.",
  });
}

function refuseTheWrongOnes(row: SignalTargetRow, signal: "cancel" | "terminate"): void {
  const { pid, backendType, isOurs, isSuperuser, role } = row;
  if (isOurs) throw denied(`Session ${pid} is one of our own`, "It ends by itself; choose the session that holds the others up.");
  if (backendType === "autovacuum worker") {
    if (signal === "cancel") return;
    throw denied(`${pid} is an autovacuum worker`, "pg_cancel_query makes it give up its table; the launcher comes back to it later.");
  }
  if (backendType === "parallel worker") {
    throw denied(`${pid} is a worker of a parallel query`, "Act on the session that leads it; pg_lock_tree names that one.");
  }
  if (backendType === "walsender") {
    throw denied(`${pid} sends WAL to a standby or subscriber`, "Replication is not a client's session; pg_replication_status shows it.");
  }
  if (backendType !== "client backend") {
    throw denied(
      `${pid} is a ${backendType ?? "process of an unknown kind"}, not a client's session`,
      "Only clients' sessions can be ended here.",
    );
  }
  if (isSuperuser) {
    throw denied(
      `Session ${pid} belongs to the superuser role ${role ?? "(unknown)"}`,
      "A person with that role has to end it: it may be maintenance.",
    );
  }
}

function denied(message: string, hint: string): ToolError {
  return new ToolError("DENIED", `${message}, which this tool leaves alone`, { hint });
}

/** Since 18; before, only superusers could signal autovacuum workers. */
const SIGNAL_AUTOVACUUM_VERSION = 180000;

function lacksGrant(isAutovacuum: boolean, versionNum: number, role: string): ToolError {
  const grant = isAutovacuum ? "pg_signal_autovacuum_worker" : "pg_signal_backend";
  if (isAutovacuum && versionNum < SIGNAL_AUTOVACUUM_VERSION) {
    return new ToolError("NO_PERMISSION", "Before PostgreSQL 18 only a superuser may cancel an autovacuum worker", {
      hint: "A person with that role can run: select pg_cancel_backend(PID);",
    });
  }
  return new ToolError("NO_PERMISSION", `The role ${role} may not signal sessions of other roles`, {
    hint: `A superuser can run: grant ${grant} to "${role.replaceAll('"', '""')}";`,
  });
}

export function outcomeGone({ pid }: SessionId): ToolError {
  return new ToolError("PLAN_VOID", `Session ${pid} moved on before it was signalled; nothing was done`, {
    hint: "Look again with pg_sessions or pg_lock_tree: it may not be needed any more.",
  });
}

/** What is lost: only what was not committed. */
export function transactionLoss({ hasWritten, xactAgeSeconds, state }: SignalTargetRow): string {
  if (xactAgeSeconds === null && state !== "idle in transaction (aborted)") return "It is in no transaction: nothing uncommitted is lost.";
  const age = xactAgeSeconds === null ? "" : ` of ${duration(xactAgeSeconds)}`;
  return hasWritten === false
    ? `Its transaction${age} is rolled back; it has written nothing.`
    : `Its transaction${age} is rolled back with all that it has written; how many rows cannot be told from outside.`;
}

/** On a standby no transaction can be read write; a signal needs none that is. */
export async function signallingSql({ act, sql, server }: Pick<PostgresContext, "act" | "sql" | "server">): Promise<Sql> {
  return (await server()).inRecovery ? sql : act;
}
