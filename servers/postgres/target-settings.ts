import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../kernel/config.ts";
import { ToolError } from "../../kernel/errors.ts";
import { type DatabaseEntry, resolvePassword } from "../../kernel/inventory.ts";
import {
  type ConnectionSettings,
  connectionSettings,
  type Parameters,
  parametersFromEnvironment,
  parametersFromService,
  parametersFromText,
} from "./connection-settings.ts";

/** How this process names itself in pg_stat_activity. */
export const APPLICATION = "helpdesk";

/** Debian's and upstream's default folders of the Unix socket. */
const SOCKET_FOLDERS = ["/var/run/postgresql", "/tmp"];

/**
 * Where a database of the inventory is and how to log in. Reads a service file where one is named; the password only
 * when the server asks for it: passwordEnv or passwordFile, then the connection string, PGPASSWORD, the pgpass file.
 */
export async function settingsOf(
  name: string,
  entry: DatabaseEntry,
  { env }: Pick<Config, "env">,
  warn: (message: string) => void,
): Promise<ConnectionSettings> {
  const environment = parametersFromEnvironment(env);
  const written = entry.url === undefined ? {} : parametersFromText(entry.url);
  const service = entry.service ?? written["service"] ?? environment["service"];
  // A target that says where it is does not take its place, role or password from variables that were meant for another.
  const ambient = entry.url === undefined && entry.service === undefined ? environment : onlySecurity(environment);
  const parameters = { ...(service === undefined ? {} : await fromServiceFile(service, env)), ...ambient, ...written };
  const user = env["USER"] || env["LOGNAME"] || "postgres";

  return connectionSettings({
    parameters,
    userName: user,
    socketFolder: SOCKET_FOLDERS.find((folder) => existsSync(path.join(folder, `.s.PGSQL.${parameters["port"] || "5432"}`))),
    application: APPLICATION,
    password: async () =>
      (await resolvePassword(name, entry, { env, warn })) ??
      parameters["password"] ??
      (env["PGPASSWORD"] || undefined) ??
      (await fromPassFile(parameters, user)),
  });
}

/** What may be common to all targets: where the password file and the certificates are, how long to wait. */
const SECURITY_WORDS = ["passfile", "sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout"];

function onlySecurity(environment: Parameters): Parameters {
  return Object.fromEntries(Object.entries(environment).filter(([word]) => SECURITY_WORDS.includes(word)));
}

async function fromServiceFile(service: string, env: Config["env"]): Promise<Parameters> {
  const home = env["HOME"] ?? "";
  const candidates = [
    env["PGSERVICEFILE"],
    path.join(home, ".pg_service.conf"),
    path.join(env["PGSYSCONFDIR"] ?? "/etc/postgresql-common", "pg_service.conf"),
  ];
  const file = candidates.find((candidate) => candidate !== undefined && existsSync(candidate));
  if (file === undefined) {
    throw new ToolError("INVALID_CONFIGURATION", `The service ${JSON.stringify(service)} is named, and there is no service file.`, {
      hint: "Write ~/.pg_service.conf or set PGSERVICEFILE; or give the target a url instead.",
    });
  }
  return parametersFromService(service, await readFile(file, "utf8"));
}

/** libpq, "The Password File". The library reads $PGPASSFILE or ~/.pgpass and refuses a file that others may read. */
async function fromPassFile(parameters: Parameters, user: string): Promise<string | undefined> {
  const { default: pgpass } = await import("pgpass");
  const asked = {
    host: parameters["host"] ?? "localhost",
    port: Number(parameters["port"] ?? 5432),
    database: parameters["dbname"] ?? parameters["user"] ?? user,
    user: parameters["user"] ?? user,
  };
  return new Promise((resolve) => pgpass(asked, resolve));
}
