import type { DiagnosedRemedy } from "../diagnosis.ts";

/**
 * The SQL that does what a remedy does, for the person who has a psql and no assistant. A session is named by pid and
 * backend_start, so that a reused pid is left alone. Null for tools that have no such equivalent.
 */
export function byHand({ tool, arguments: given }: DiagnosedRemedy): string | null {
  const call = SIGNALS.get(tool);
  const { pid, backendStart } = given;
  if (call === undefined || typeof pid !== "number" || !Number.isInteger(pid)) return null;
  if (typeof backendStart !== "string" || !ISO_TIME.test(backendStart)) return null;
  return `select ${call}(pid) from pg_stat_activity where pid = ${pid} and backend_start = '${backendStart}'`;
}

const SIGNALS = new Map([
  ["pg_cancel_query", "pg_cancel_backend"],
  ["pg_terminate_session", "pg_terminate_backend"],
]);

/** Nothing else goes between the quotes: the diagnosis may come from somebody's bundle. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d(?::?\d\d)?)$/u;
