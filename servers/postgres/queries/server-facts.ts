import type { ServerFacts } from "../probe.ts";
import type { Sql } from "../sql.ts";

/** Asked once on every new connection. */
export async function selectServerFacts(sql: Sql): Promise<ServerFacts> {
  const [facts] = await sql<ServerFacts>`
    select
      current_setting('server_version_num')::int as "versionNum",
      version() as "version",
      pg_is_in_recovery() as "inRecovery",
      current_database()::text as "database",
      current_user::text as "role",
      coalesce((select rolsuper from pg_roles where rolname = current_user), false) as "superuser",
      pg_has_role(current_user, 'pg_monitor', 'usage') as "monitor",
      current_setting('block_size')::int as "blockBytes",
      pg_backend_pid() as "backendPid",
      (select backend_start from pg_stat_activity where pid = pg_backend_pid()) as "backendStart"`;
  if (facts === undefined) throw new Error("the server answered a query of one row with none");
  return facts;
}
