/**
 * Whether a statement of our own role is one of ours: what looks at the patient is not what ails it. Pure.
 *
 * By its shape, because pg_stat_statements does not know application names: the frame of our transactions, or a select from
 * PostgreSQL's own views with the aliases of queries/, which are quoted even where they need not be. Ask only of statements of our role: another
 * role's are the patient's, whatever they look like.
 */
export function isOwnStatement(query: string): boolean {
  return FRAME.test(query) || (ALIAS.test(query) && CATALOG.test(query));
}

/** What database.ts sends around each statement. */
const FRAME =
  /^\s*(?:begin (?:transaction )?read (?:only|write)|set local (?:statement_timeout|lock_timeout|idle_in_transaction_session_timeout|search_path|timezone|datestyle|max_parallel_workers_per_gather|jit)\b|rollback|commit)/i;
const ALIAS = /\bas "[a-z]+(?:[A-Z]\w*)?"/;
const CATALOG = /\bpg_[a-z_]+\b|\bcurrent_setting\b/;
