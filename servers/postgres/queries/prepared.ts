import type { Sql } from "../sql.ts";
import { ageSeconds } from "./activity.ts";

/** Prepared transactions: they hold locks and the vacuum horizon without any session. Everybody may see them. */
export interface PreparedRow {
  readonly gid: string;
  readonly owner: string;
  readonly database: string;
  readonly preparedAt: string;
  readonly ageSeconds: number;
  readonly xidAge: number;
}

export const selectPrepared = (sql: Sql, limit: number) => sql<PreparedRow>`
  select
    p.gid as "gid",
    p.owner::text as "owner",
    p.database::text as "database",
    p.prepared as "preparedAt",
    ${ageSeconds(sql, sql.fragment`p.prepared`)} as "ageSeconds",
    age(p.transaction)::int8 as "xidAge"
  from pg_prepared_xacts p
  order by p.prepared, p.gid
  limit ${limit}::int`;

export async function selectMaxPrepared(sql: Sql): Promise<number> {
  const [row] = await sql<{ readonly max: number }>`select current_setting('max_prepared_transactions')::int as "max"`;
  return row?.max ?? 0;
}

export interface PreparedByXidRow {
  readonly xid: string;
  readonly gid: string;
  readonly owner: string;
  readonly database: string;
  readonly ageSeconds: number;
}

export const selectPreparedByXid = (sql: Sql, xids: readonly string[]) => sql<PreparedByXidRow>`
  select
    p.transaction::text as "xid",
    p.gid as "gid",
    p.owner::text as "owner",
    p.database::text as "database",
    ${ageSeconds(sql, sql.fragment`p.prepared`)} as "ageSeconds"
  from pg_prepared_xacts p
  where p.transaction::text = any (${xids}::text[])`;
