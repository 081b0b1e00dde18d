import { identifier } from "../../diagnosis/quoted.ts";

/**
 * The SQL that makes the role to connect as: sees every session and statistic, reads no table, changes nothing. Pure.
 */
export function roleSql(role: string, database: string | undefined): string {
  const name = identifier(role);
  return `-- The least that a diagnosis needs. Run it on the primary, as a superuser${
    database === undefined
      ? ""
      : `,
-- connected to ${database.replaceAll("\n", " ")}`
  }.
create role ${name} login connection limit 10;
-- Sees other roles' sessions and statements, all settings and all statistics;
-- reads no table.
grant pg_monitor to ${name};
${database === undefined ? "" : `grant connect on database ${identifier(database)} to ${name};\n`}
-- Set the password where no log sees it; in psql: \\password ${name}

-- PostgreSQL 16 and later: let in when all other slots are taken (needs
-- reserved_connections > 0):
--   grant pg_use_reserved_connections to ${name};
-- Statements by time, once in each database (needs
-- shared_preload_libraries = 'pg_stat_statements'):
--   create extension if not exists pg_stat_statements;
-- How near sequences are to their end, for each schema that has any:
--   grant select on all sequences in schema public to ${name};
-- Errors in the configuration files:
--   grant select on pg_file_settings, pg_hba_file_rules to ${name};
--   grant execute on function pg_show_all_file_settings(), pg_hba_file_rules()
--     to ${name};
-- Only where the policy may let it cancel queries and end sessions, after a
-- person agreed:
--   grant pg_signal_backend to ${name};
`;
}
