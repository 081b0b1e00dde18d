import type { Sql } from "../sql.ts";

/**
 * Settings, what overrides them, and what PostgreSQL says is wrong with its configuration files.
 *
 * Values that can hold a secret are replaced here, in the server: they never travel. Opens no relation but catalogs.
 */
export interface SettingRow {
  readonly name: string;
  readonly value: string;
  readonly unit: string | null;
  /** bool, integer, real, string, enum. */
  readonly type: string;
  readonly source: string;
  readonly pendingRestart: boolean;
  readonly isDefault: boolean;
}

/** What a name that holds a secret looks like: a connection string, a shell command, a passphrase, an extension's key. */
const SECRET_NAME =
  "(conninfo|dsn$|passw|passphrase|secret|token|credential|private|salt|getkey|api_?key|encryption_key|access_key|_command$)";
/** What a value that holds a secret looks like, whatever its name: password=..., scheme://user:password@host. */
const SECRET_VALUE = "((password|passwd|pwd|passphrase|secret|token|key)\\s*[=:]\\s*\\S|://[^/@[:space:]]*:[^/@[:space:]]*@)";
/** A name that only looks secret. */
const HARMLESS = "password_encryption";

const VALUE_CHARACTERS = 300;

/**
 * All settings. What our own session set (timeouts, search_path) is read from reset_val: that is what other sessions of
 * this role and database get, from wherever on the server. What our connection asked for (client_encoding) is nobody else's.
 */
export const selectSettings = (sql: Sql) => sql<SettingRow>`
  select
    s.name,
    case
      when v.value = '' then ''
      when s.name <> ${HARMLESS} and s.name ~* ${SECRET_NAME} then '(hidden)'
      when v.value ~* ${SECRET_VALUE} then '(hidden)'
      else left(v.value, ${VALUE_CHARACTERS}::int)
    end as "value",
    s.unit,
    s.vartype as "type",
    case when s.source = 'session' then 'server' else s.source end as "source",
    s.pending_restart as "pendingRestart",
    s.source in ('default', 'override', 'client') or v.value = coalesce(s.boot_val, '') as "isDefault"
  from pg_settings s
    cross join lateral (
      select coalesce(case when s.source in ('session', 'client') then s.reset_val else s.setting end, '') as value
    ) v
  order by s.name`;

export interface OverrideRow {
  readonly role: string;
  readonly database: string;
  readonly name: string;
  readonly value: string;
}

/** ALTER ROLE ... SET and ALTER DATABASE ... SET. */
export const selectOverrides = (sql: Sql, limit: number) => sql<OverrideRow>`
  select
    coalesce(r.rolname, '')::text as "role",
    coalesce(d.datname, '')::text as "database",
    o.name,
    case
      when o.name <> ${HARMLESS} and o.name ~* ${SECRET_NAME} then '(hidden)'
      when o.value ~* ${SECRET_VALUE} then '(hidden)'
      else left(o.value, ${VALUE_CHARACTERS}::int)
    end as "value"
  from pg_db_role_setting s
    cross join lateral unnest(s.setconfig) as entry (text)
    cross join lateral (
      select split_part(entry.text, '=', 1) as name, substr(entry.text, strpos(entry.text, '=') + 1) as value
    ) o
    left join pg_roles r on r.oid = s.setrole
    left join pg_database d on d.oid = s.setdatabase
  order by "role", "database", o.name
  limit ${limit}`;

export interface FileErrorRow {
  readonly file: string;
  readonly line: number | null;
  readonly name: string | null;
  readonly error: string;
}

/**
 * Entries of the configuration files that could not be applied. A changed setting that only waits for a restart is listed
 * as an error too; pending_restart says that better, so it is left out. Superuser only, unless granted.
 */
export const selectFileErrors = (sql: Sql, limit: number) => sql<FileErrorRow>`
  select
    coalesce(f.sourcefile, '') as "file",
    f.sourceline as "line",
    f.name,
    left(f.error, ${VALUE_CHARACTERS}::int) as "error"
  from pg_file_settings f
  where f.error is not null
    and f.error <> 'setting could not be applied'
  union all
  select
    coalesce(f.sourcefile, ''),
    f.sourceline,
    f.name,
    left(f.error, ${VALUE_CHARACTERS}::int)
  from pg_file_settings f
    left join pg_settings s on lower(s.name) = lower(f.name)
  where f.error = 'setting could not be applied'
    and not coalesce(s.pending_restart, false)
  limit ${limit}`;

export interface HbaErrorRow {
  readonly line: number;
  readonly error: string;
}

/** Lines of pg_hba.conf that PostgreSQL cannot read. Superuser only, unless granted. */
export const selectHbaErrors = (sql: Sql, limit: number) => sql<HbaErrorRow>`
  select
    h.line_number as "line",
    left(h.error, ${VALUE_CHARACTERS}::int) as "error"
  from pg_hba_file_rules h
  where h.error is not null
  order by h.line_number
  limit ${limit}`;

export const selectExtensions = (sql: Sql) => sql<{ readonly name: string }>`
  select e.extname::text as "name"
  from pg_extension e
  order by e.extname`;
