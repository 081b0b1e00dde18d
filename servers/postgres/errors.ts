import type { PgConnect } from "../../diagnosis/evidence/pg-connection.ts";
import { ToolError } from "../../kernel/errors.ts";
import { CannotConnect, isFromServer } from "./database.ts";
import { CannotLook } from "./probe.ts";

/**
 * What PostgreSQL or the way to it answered, as an error of ours. The server's own words go into `cause`, for the log:
 * they may hold values from rows.
 */
export function toToolError(error: unknown): unknown {
  if (error instanceof ToolError) return error;
  if (error instanceof CannotConnect) return unreachable(error.evidence, error);
  if (error instanceof CannotLook) {
    return new ToolError(error.because === "no-permission" ? "NO_PERMISSION" : "UNSUPPORTED", error.message, {
      hint: error.hint,
      cause: error,
    });
  }
  if (!isFromServer(error)) return error;
  const known = BY_SQLSTATE[error.code];
  if (known === undefined) return error;
  const [code, message, hint] = known;
  return new ToolError(code, `${message} (SQLSTATE ${error.code})`, { hint, cause: error });
}

const BY_SQLSTATE: Readonly<Record<string, readonly [ConstructorParameters<typeof ToolError>[0], string, string]>> = {
  "42501": [
    "NO_PERMISSION",
    "The role may not do this",
    "Grant pg_monitor for looking, pg_signal_backend for ending sessions; `helpdesk init` prints the SQL.",
  ],
  "57014": [
    "TIMED_OUT",
    "The statement took longer than it may and was cancelled in the server",
    "Ask for less, or look with pg_diagnose what the server is busy with.",
  ],
  "55P03": ["TIMED_OUT", "An exclusive lock is in the way; this tool does not queue behind it", "pg_lock_tree shows who holds it."],
  "57P01": ["UNREACHABLE", "The server ended the connection", "It is being shut down, or somebody terminated our session; try again."],
  "25006": ["DENIED", "The transaction is read only", "On a standby nothing can be changed; act on the primary."],
};

function unreachable(evidence: PgConnect, cause: Error): ToolError {
  const at = `${evidence.host}:${evidence.port}/${evidence.database} as ${evidence.role}`;
  const why = evidence.sqlState === null ? `${evidence.errorCode} while it came to "${evidence.stage}"` : `SQLSTATE ${evidence.sqlState}`;
  return new ToolError("UNREACHABLE", `No connection to ${at}: ${why}.`, {
    hint: "pg_diagnose says what this means and what to do.",
    cause,
  });
}
