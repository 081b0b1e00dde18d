import type { PgServer } from "../../../diagnosis/evidence/pg-connection.ts";
import type { Sql } from "../sql.ts";

/** The server itself and what our role may do in it. */
export interface ServerRow {
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly configLoadedAt: string;
  readonly inRecovery: boolean;
  readonly defaultTransactionReadOnly: boolean;
  readonly replication: boolean;
  readonly readAllStats: boolean;
  readonly readAllSettings: boolean;
  readonly signalBackend: boolean;
  readonly reservedConnections: boolean;
  readonly dataChecksums: boolean;
}

/**
 * `reset_val` is what the session got at login, from the files, the role or the database; what we have set since does not
 * count. Roles are asked by name through pg_roles, as not every version has every one of them.
 */
export async function selectServer(sql: Sql): Promise<ServerRow> {
  const [server] = await sql<ServerRow>`
    select
      pg_postmaster_start_time() as "startedAt",
      round(greatest(extract(epoch from clock_timestamp() - pg_postmaster_start_time()), 0)::numeric, 3)::float8 as "uptimeSeconds",
      pg_conf_load_time() as "configLoadedAt",
      pg_is_in_recovery() as "inRecovery",
      (select s.reset_val = 'on' from pg_settings s where s.name = 'default_transaction_read_only') as "defaultTransactionReadOnly",
      coalesce((select r.rolreplication from pg_roles r where r.rolname = current_user), false) as "replication",
      ${hasRole(sql, "pg_read_all_stats")} as "readAllStats",
      ${hasRole(sql, "pg_read_all_settings")} as "readAllSettings",
      ${hasRole(sql, "pg_signal_backend")} as "signalBackend",
      ${hasRole(sql, "pg_use_reserved_connections")}
        and coalesce(current_setting('reserved_connections', true)::int, 0) > 0 as "reservedConnections",
      current_setting('data_checksums')::bool as "dataChecksums"`;
  if (server === undefined) throw new Error("a query of one row gave none");
  return server;
}

const hasRole = (sql: Sql, name: string) =>
  sql.fragment`coalesce((select pg_has_role(current_user, r.oid, 'usage') from pg_roles r where r.rolname = ${name}::text), false)`;

export async function selectStartTime(sql: Sql): Promise<string | undefined> {
  const [row] = await sql<{ readonly startedAt: string }>`select pg_postmaster_start_time() as "startedAt"`;
  return row?.startedAt;
}

/**
 * Managed services are told by the parameters that they document: rds.*, cloudsql.*, azure.*, alloydb.*; Aurora by its
 * function. AlloyDB Omni has AlloyDB's parameters and, being run by its owner, a real superuser named postgres.
 */
export async function selectFlavour(sql: Sql): Promise<PgServer["flavour"]> {
  const [row] = await sql<{ readonly flavour: PgServer["flavour"] }>`
    select
      case
        when exists (select from pg_proc p where p.proname = 'aurora_version') then 'aurora'
        when bool_or(s.name like 'rds.%') then 'rds'
        when bool_or(s.name like 'cloudsql.%') then 'cloud-sql'
        when bool_or(s.name like 'azure.%') then 'azure'
        when bool_or(s.name like 'alloydb.%' or s.name like 'google\_columnar\_engine.%') then
          case
            when exists (select from pg_roles r where r.rolname = 'postgres' and r.rolsuper) then 'alloydb-omni'
            else 'alloydb'
          end
        when version() like 'PostgreSQL %' then 'community'
        else 'unknown'
      end as "flavour"
    from pg_settings s`;
  return row?.flavour ?? "unknown";
}
