import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../kernel/config.ts";
import { parametersFromText } from "../../servers/postgres/connection-settings.ts";
import { usageError } from "./failure.ts";
import { roleSql } from "./role-sql.ts";
import { isInteractive } from "./terminal.ts";
import { codeOf } from "./write-file.ts";

/** `helpdesk init`: writes helpdesk.yaml for one database and prints the SQL for its role. Connects to nothing. */
export interface InitArguments {
  readonly url: string | undefined;
  readonly name: string | undefined;
  readonly environment: string | undefined;
  readonly passwordEnv: string | undefined;
  readonly file: string | undefined;
  readonly isSqlOnly: boolean;
}

interface Place {
  readonly url: string;
  readonly name: string;
  readonly environment: string;
  readonly passwordEnv: string | undefined;
}

const DEFAULT_ROLE = "helpdesk";

export async function initCommand(args: InitArguments, config: Config): Promise<number> {
  if (args.isSqlOnly) {
    const { user, dbname } = args.url === undefined ? {} : parametersFromText(args.url);
    process.stdout.write(roleSql(user ?? DEFAULT_ROLE, dbname));
    return 0;
  }
  const file = path.resolve(config.cwd, args.file ?? "helpdesk.yaml");
  if (existsSync(file)) throw usageError(`${file} is there already`, "Edit it, or name another with --file.");
  const place = args.url === undefined ? await askForPlace(args) : placeOf(args, args.url);
  if (place === null) {
    process.stderr.write("Nothing was written.\n");
    return 2;
  }
  const { password, ...parameters } = parametersFromText(place.url);
  const url = urlOf(parameters);
  const secret =
    password === undefined || password === "" || place.passwordEnv !== undefined
      ? null
      : path.join(config.configDir, `${place.name}.password`);
  try {
    if (secret !== null) await writeSecret(secret, password ?? "");
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, yamlOf(place, url, secret), { flag: "wx" });
  } catch (cause) {
    throw usageError(`${secret ?? file} or ${file} cannot be written (${codeOf(cause)})`, "Choose another place with --file.");
  }
  process.stdout.write(`Wrote ${file}${secret === null ? "" : ` and ${secret} (only you can read it)`}.\n\n`);
  process.stdout.write(roleSql(parameters["user"] ?? DEFAULT_ROLE, parameters["dbname"]));
  process.stdout.write(`\nThen: helpdesk doctor, and helpdesk diagnose ${place.name}\n`);
  return 0;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/u;

function placeOf({ name, environment = "production", passwordEnv }: InitArguments, url: string): Place {
  const called = name ?? suggestedName(url);
  if (!NAME.test(called)) throw usageError("--name is not a name", "Letters, digits, dots, dashes and underscores, at most 63.");
  return { url, name: called, environment, passwordEnv };
}

function suggestedName(url: string): string {
  const { dbname, user } = parametersFromText(url);
  const suggested = (dbname ?? user ?? "default").replace(/[^a-zA-Z0-9._-]/gu, "-");
  return NAME.test(suggested) ? suggested : "default";
}

async function askForPlace(args: InitArguments): Promise<Place | null> {
  if (!isInteractive())
    throw usageError("nobody can be asked here", "Give --url, and --name and --environment where the defaults do not fit.");
  const { isCancel, select, text } = await import("@clack/prompts");
  const output = process.stderr;
  const url = await text({
    message: "Where is the database?",
    placeholder: "postgres://helpdesk@db1.example.com/orders",
    validate: (given) => problemOf(given ?? ""),
    output,
  });
  if (isCancel(url)) return null;
  const name = await text({
    message: "What do you call it?",
    initialValue: args.name ?? suggestedName(url),
    validate: (given) => (NAME.test(given ?? "") ? undefined : "Letters, digits, dots, dashes and underscores, at most 63."),
    output,
  });
  if (isCancel(name)) return null;
  const environment = await select({
    message: "What is it?",
    options: [{ value: "production" }, { value: "staging" }, { value: "test" }],
    output,
  });
  if (isCancel(environment)) return null;
  return { url, name, environment, passwordEnv: args.passwordEnv };
}

function problemOf(url: string): string | undefined {
  try {
    parametersFromText(url);
    return undefined;
  } catch {
    return "Expected postgres://user@host/database, or key=value pairs.";
  }
}

/** The same place in one spelling, without the password. */
function urlOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const { host = "localhost", port, user = DEFAULT_ROLE, dbname = "postgres", ...others } = parameters;
  const isSocket = host.startsWith("/");
  const at = isSocket ? "" : host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...others, ...(isSocket && { host }) })) if (value !== undefined) query.set(name, value);
  const place = `postgres://${encodeURIComponent(user)}@${at}${port === undefined ? "" : `:${port}`}/${encodeURIComponent(dbname)}`;
  return query.size === 0 ? place : `${place}?${query}`;
}

async function writeSecret(file: string, password: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${password}\n`, { mode: 0o600, flag: "wx" });
}

/** JSON strings are YAML strings. */
function yamlOf({ name, environment, passwordEnv }: Place, url: string, secret: string | null): string {
  const lines = [
    "# Databases that helpdesk may look at, by the names that people and tools use.",
    "databases:",
    `  ${JSON.stringify(name)}:`,
    `    url: ${JSON.stringify(url)}`,
    `    environment: ${environment} # production, staging or test: a policy may be stricter with one than with another`,
    ...(passwordEnv === undefined ? [] : [`    passwordEnv: ${JSON.stringify(passwordEnv)}`]),
    ...(secret === null ? [] : [`    passwordFile: ${JSON.stringify(secret)}`]),
    "# policy: policy.yaml # what may be changed, and who is asked; without one, nothing is changed",
  ];
  return `${lines.join("\n")}\n`;
}
