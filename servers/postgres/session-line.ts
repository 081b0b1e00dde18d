import type { Session } from "../../diagnosis/evidence/pg-activity.ts";
import { duration } from "../../diagnosis/report/quantity.ts";

/** Sessions as one line of text each, for eyes. Texts from the target stand in quotes. */
const QUERY_CHARACTERS = 80;

/** `4711 "checkout" (app@orders from 10.0.0.21)` */
export function whoIs({ pid, application, role, database, client }: Session): string {
  const at = [role ?? "?", database === null ? "" : `@${database}`, client === null ? "" : ` from ${client}`].join("");
  return `${pid}${application === "" ? "" : ` "${application}"`} (${at})`;
}

/** `idle in transaction for 312 s, transaction open for 340 s` */
export function whatItDoes(session: Session): string {
  const { state, backendType, waitEventType, waitEvent, stateAgeSeconds, xactAgeSeconds } = session;
  if (state === null) return backendType === "client backend" || backendType === "unknown" ? "state hidden" : backendType;
  const waits = state === "active" && waitEvent !== null ? `, waits for ${waitEventType}/${waitEvent}` : "";
  const since = stateAgeSeconds === null ? "" : ` for ${duration(stateAgeSeconds)}`;
  const isLonger = xactAgeSeconds !== null && xactAgeSeconds > (stateAgeSeconds ?? 0) + 1;
  const transaction = isLonger ? `, transaction open for ${duration(xactAgeSeconds)}` : "";
  return `${backendType === "client backend" ? "" : `${backendType}, `}${state}${since}${transaction}${waits}`;
}

/** On one line, in quotes, or "(hidden)". */
export function quotedQuery(query: string | null, maxCharacters: number = QUERY_CHARACTERS): string {
  if (query === null) return "(hidden)";
  const line = query.replace(/\s+/g, " ").trim();
  return `"${line.length <= maxCharacters ? line : `${line.slice(0, maxCharacters).toWellFormed()}…`}"`;
}
