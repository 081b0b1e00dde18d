import type { Session } from "../../diagnosis/evidence/pg-activity.ts";
import { untrusted } from "../../kernel/untrusted.ts";
import type { SessionRow } from "./queries/activity.ts";

/** What pg_stat_activity says, made fit to be stored and shown: its texts were written by whoever connected. */
export function toSession(row: SessionRow): Session {
  return {
    ...row,
    backendStart: row.backendStart ?? HIDDEN_START,
    backendType: row.backendType ?? "unknown",
    application: applicationName(row.application),
    query: row.query === null ? null : queryText(row.query),
  };
}

/** In place of a backend_start that our role may not see: such a session can be shown, not acted upon. */
export const HIDDEN_START = "";

const APPLICATION_CHARACTERS = 64;
const QUERY_CHARACTERS = 400;

export function applicationName(text: string): string {
  return untrusted(text, APPLICATION_CHARACTERS);
}

export function queryText(text: string): string {
  return untrusted(text, QUERY_CHARACTERS);
}
