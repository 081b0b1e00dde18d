import type { Complaint } from "./evidence/pg-connection.ts";

/**
 * A complaint in somebody's words as evidence: the text, capped, and the SQLSTATEs whose well-known messages it quotes.
 * It says what a client was told, never why: rules join it with what was seen. Pure.
 */
export function recogniseComplaint(text: string): Complaint {
  const plain = withoutControls(text).slice(0, MOST_CHARACTERS);
  const states = new Set<string>();
  for (const [, state] of plain.matchAll(NAMED_STATE)) if (state !== undefined) states.add(state.toUpperCase());
  for (const { state, says } of MESSAGES) if (says.some((pattern) => pattern.test(plain))) states.add(state);
  return { text: plain, sqlStates: [...states].toSorted() };
}

/** Longer than any error message that somebody quotes, short enough for every report. */
const MOST_CHARACTERS = 2000;

/** "SQLSTATE 53300", "SQLSTATE[53300]", "(SQLSTATE: 25006)", "code: '40P01'". */
const NAMED_STATE = /\b(?:sql\s?state|code)\b\W{0,4}(\d[0-9A-Z]{4}|(?:XX|P0|F0|HV)[0-9A-Z]{3})\b/gi;

interface WellKnown {
  /** Appendix A of the manual; for what a driver says without a server, class 08 of the SQL standard. */
  readonly state: string;
  readonly says: readonly RegExp[];
}

/** PostgreSQL's own texts in English (src/backend), libpq's, and the codes of common drivers and operating systems. */
const MESSAGES: readonly WellKnown[] = [
  {
    state: "53300",
    says: [
      /too many clients already/i,
      /remaining connection slots are reserved/i,
      /too many connections for (?:role|database)/i,
      /\btoo_many_connections\b/i,
    ],
  },
  {
    state: "25006",
    says: [
      /cannot execute .{1,60} in a read-only transaction/i,
      /cannot execute .{1,60} during recovery/i,
      /\bread_only_sql_transaction\b/i,
    ],
  },
  { state: "28P01", says: [/password authentication failed for user/i, /\binvalid_password\b/i] },
  {
    state: "28000",
    says: [
      /no pg_hba\.conf entry for/i,
      /pg_hba\.conf rejects/i,
      /(?:peer|ident|certificate|gssapi|ldap|pam|radius) authentication failed for user/i,
      /role ".{1,63}" is not permitted to log in/i,
    ],
  },
  { state: "3D000", says: [/database ".{1,63}" does not exist/i] },
  {
    state: "57P03",
    says: [
      /the database system is (?:starting up|shutting down|in recovery mode)/i,
      /the database system is not (?:yet )?accepting connections/i,
      /\bcannot_connect_now\b/i,
    ],
  },
  { state: "57P01", says: [/terminating connection due to administrator command/i] },
  { state: "57P02", says: [/terminating connection because of crash of another server process/i] },
  { state: "57P05", says: [/terminating connection due to idle-session timeout/i] },
  { state: "25P03", says: [/terminating connection due to idle-in-transaction timeout/i] },
  { state: "25P02", says: [/current transaction is aborted, commands ignored/i] },
  { state: "40P01", says: [/deadlock detected/i] },
  { state: "40001", says: [/could not serialize access/i, /canceling statement due to conflict with recovery/i] },
  { state: "55P03", says: [/canceling statement due to lock timeout/i, /could not obtain lock on/i] },
  {
    state: "57014",
    says: [/canceling statement due to statement timeout/i, /canceling statement due to user request/i, /\bquery_canceled\b/i],
  },
  { state: "53100", says: [/no space left on device/i, /could not extend file/i, /\bdisk_full\b/i] },
  { state: "53200", says: [/\bout of memory\b/i, /out of shared memory/i] },
  { state: "53400", says: [/temporary file size exceeds temp_file_limit/i] },
  { state: "2200H", says: [/nextval: reached (?:maximum|minimum) value of sequence/i] },
  { state: "22003", says: [/(?:integer|smallint|bigint) out of range/i] },
  {
    state: "54000",
    says: [/database is not accepting commands .{0,80}wraparound/i, /not accepting commands that assign new (?:XIDs|MultiXactIds)/i],
  },
  { state: "58P01", says: [/requested WAL segment \S+ has already been removed/i] },
  { state: "XX001", says: [/invalid page in block \d+ of relation/i, /page verification failed/i] },
  {
    state: "08001",
    says: [
      /\bECONNREFUSED\b/,
      /connection refused/i,
      /\bENOTFOUND\b/,
      /\bEAI_AGAIN\b/,
      /could not translate host name/i,
      /\bETIMEDOUT\b/,
      /\bEHOSTUNREACH\b/,
      /could not connect to server/i,
      /no route to host/i,
    ],
  },
  {
    state: "08006",
    says: [
      /\bECONNRESET\b/,
      /server closed the connection unexpectedly/i,
      /connection terminated unexpectedly/i,
      /connection reset by peer/i,
    ],
  },
];

function withoutControls(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, " ").trim();
}
