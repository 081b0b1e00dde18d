import { parse } from "pg-connection-string";
import { ToolError } from "../../kernel/errors.ts";

/** Where a database is and how to log in, whatever spelling it was given in. `password` is asked for only when the server wants one. */
export interface ConnectionSettings {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly role: string;
  readonly password: () => Promise<string | undefined>;
  readonly tls: TlsSettings;
  readonly application: string;
  readonly connectTimeoutMs: number;
}

export interface TlsSettings {
  readonly mode: SslMode;
  /** Paths. */
  readonly rootCertificate?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** libpq's parameter words, as a service file, a key=value string, a URL's query or PG* variables spell them. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** libpq's environment variables and the parameter that each stands for (libpq, "Environment Variables"). */
const VARIABLES: Readonly<Record<string, string>> = {
  PGHOST: "host",
  PGHOSTADDR: "hostaddr",
  PGPORT: "port",
  PGDATABASE: "dbname",
  PGUSER: "user",
  PGPASSWORD: "password",
  PGPASSFILE: "passfile",
  PGSERVICE: "service",
  PGSSLMODE: "sslmode",
  PGSSLROOTCERT: "sslrootcert",
  PGSSLCERT: "sslcert",
  PGSSLKEY: "sslkey",
  PGCONNECT_TIMEOUT: "connect_timeout",
};

const DEFAULT_CONNECT_TIMEOUT_SECONDS = 5;

export function parametersFromEnvironment(env: Parameters): Parameters {
  return Object.fromEntries(Object.entries(VARIABLES).flatMap(([variable, word]) => (env[variable] ? [[word, env[variable]]] : [])));
}

/** A URL (postgres://, postgresql://) or libpq's key=value form. Errors never repeat the text: it may hold a password. */
export function parametersFromText(text: string): Parameters {
  return /^\s*[a-z_]+\s*=/.test(text) ? parametersFromConninfo(text) : parametersFromUrl(text);
}

function parametersFromUrl(text: string): Parameters {
  if (!/^postgres(ql)?:\/\//i.test(text)) {
    throw unusable("it begins neither with postgres:// nor with key=value");
  }
  if (/^[^/?]*\/\/[^/?]*,/.test(text)) throw unusable("it names several hosts; give each its own target in the inventory");
  const [base = "", query = ""] = splitOnce(text, "?");
  try {
    const { host, port, user, password, database } = parse(base);
    const named = { host, port, user, password, dbname: database };
    const present = Object.entries(named).flatMap(([word, value]) => (value ? [[word, String(value)]] : []));
    return { ...Object.fromEntries(present), ...Object.fromEntries(new URLSearchParams(query)) };
  } catch {
    throw unusable("it is not a valid URL");
  }
}

/** libpq, "Keyword/Value Connection Strings": values may be quoted, with \' and \\ inside. */
function parametersFromConninfo(text: string): Parameters {
  const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?:\s+|$)/gy;
  const found: [string, string][] = [];
  let end = 0;
  for (const match of text.matchAll(pair)) {
    const [whole, word = "", quoted, plain] = match;
    found.push([word, (quoted ?? plain ?? "").replace(/\\(.)/g, "$1")]);
    end = match.index + whole.length;
  }
  if (end !== text.length) throw unusable("it is not a valid key=value connection string");
  return Object.fromEntries(found);
}

/** One section of a libpq service file. */
export function parametersFromService(name: string, file: string): Parameters {
  let section = "";
  const found: [string, string][] = [];
  let exists = false;
  for (const line of file.split(/\r?\n/).map((one) => one.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const header = /^\[(.+)\]$/.exec(line);
    if (header) section = header[1] ?? "";
    if (section !== name) continue;
    exists = true;
    const [word = "", value = ""] = splitOnce(line, "=");
    if (!header) found.push([word.trim(), value.trim()]);
  }
  if (!exists) throw unusable(`the service file has no section [${name}]`);
  return Object.fromEntries(found);
}

export interface SettingsFrom {
  /** Later words win over earlier ones, as in libpq: service file, environment, then what was written for this target. */
  readonly parameters: Parameters;
  /** Overrides a password among the parameters. */
  readonly password?: (() => Promise<string | undefined>) | undefined;
  /** The operating system's user, libpq's default for the role. */
  readonly userName: string;
  /** Folder of the Unix socket that libpq would use when no host is given, where there is one. */
  readonly socketFolder?: string | undefined;
  readonly application: string;
}

export function connectionSettings({ parameters, password, userName, socketFolder, application }: SettingsFrom): ConnectionSettings {
  const role = parameters["user"] || userName;
  const mode = parameters["sslmode"] || "prefer";
  if (!isSslMode(mode)) throw unusable(`sslmode is one of ${SSL_MODES.join(", ")}`);
  const host = parameters["hostaddr"] || parameters["host"] || socketFolder || "localhost";
  if (host.includes(",")) throw unusable("it names several hosts; give each its own target in the inventory");
  return {
    host,
    port: wholeNumber("port", parameters["port"] || "5432", 1, 65_535),
    database: parameters["dbname"] || role,
    role,
    password: password ?? (async () => parameters["password"]),
    tls: {
      mode,
      rootCertificate: parameters["sslrootcert"],
      certificate: parameters["sslcert"],
      key: parameters["sslkey"],
    },
    application,
    connectTimeoutMs:
      1000 * (wholeNumber("connect_timeout", parameters["connect_timeout"] || "0", 0, 3600) || DEFAULT_CONNECT_TIMEOUT_SECONDS),
  };
}

function wholeNumber(word: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw unusable(`${word} is a whole number from ${least} to ${most}`);
  return value;
}

function isSslMode(text: string): text is SslMode {
  return SSL_MODES.some((mode) => mode === text);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function unusable(why: string): ToolError {
  return new ToolError("INVALID_CONFIGURATION", `The connection string cannot be used: ${why}.`, {
    hint: "Write it as postgres://ROLE@HOST:PORT/DATABASE?sslmode=require and keep the password in passwordEnv or passwordFile.",
  });
}
