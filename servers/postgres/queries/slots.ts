import type { Sql } from "../sql.ts";
import { isClient, isForeign } from "./activity.ts";

/** Connection slots and the limits of roles and databases. Background and replication processes take other slots. */
export interface SlotsRow {
  readonly max: number;
  readonly superuserReserved: number;
  /** reserved_connections, 16 and later; 0 before. */
  readonly roleReserved: number;
  readonly used: number;
  readonly ours: number;
}

export async function selectSlots(sql: Sql, ownPids: readonly number[]): Promise<SlotsRow> {
  const [slots] = await sql<SlotsRow>`
    select
      current_setting('max_connections')::int as "max",
      current_setting('superuser_reserved_connections')::int as "superuserReserved",
      coalesce(current_setting('reserved_connections', true)::int, 0) as "roleReserved",
      count(*) as "used",
      count(*) filter (where not ${isForeign(sql, ownPids)}) as "ours"
    from pg_stat_activity a
    where ${isClient(sql)}`;
  if (slots === undefined) throw new Error("an aggregate gave no row");
  return slots;
}

export interface RoleLimitRow {
  readonly role: string;
  readonly limit: number;
  readonly used: number;
}

/** PostgreSQL counts a role's walsenders, too, and lets superusers pass. */
export const selectRoleLimits = (sql: Sql, limit: number) => sql<RoleLimitRow>`
  select
    r.rolname::text as "role",
    r.rolconnlimit as "limit",
    count(a.pid) as "used"
  from pg_roles r
    left join pg_stat_activity a
      on a.usesysid = r.oid
      and (a.backend_type in ('client backend', 'walsender') or (a.backend_type is null and a.datid is not null))
  where r.rolconnlimit >= 0
    and not r.rolsuper
  group by r.rolname, r.rolconnlimit
  order by count(a.pid)::float8 / greatest(r.rolconnlimit, 1) desc, count(a.pid) desc, r.rolname
  limit ${limit}::int`;

export interface DatabaseLimitRow {
  readonly database: string;
  readonly limit: number;
  readonly used: number;
}

/** A limit of -2 marks a database whose removal was interrupted. */
export const selectDatabaseLimits = (sql: Sql, limit: number) => sql<DatabaseLimitRow>`
  select
    d.datname::text as "database",
    d.datconnlimit as "limit",
    count(a.pid) as "used"
  from pg_database d
    left join pg_stat_activity a
      on a.datid = d.oid
      and (a.backend_type in ('client backend', 'walsender') or (a.backend_type is null and a.usesysid is not null))
  where d.datconnlimit >= 0
  group by d.datname, d.datconnlimit
  order by count(a.pid)::float8 / greatest(d.datconnlimit, 1) desc, count(a.pid) desc, d.datname
  limit ${limit}::int`;
