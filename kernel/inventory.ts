import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Environment } from "./config.ts";
import { isConnectionString } from "./connection-string.ts";
import { ToolError } from "./errors.ts";
import type { DatabaseEntry, InventoryFile } from "./inventory-schema.ts";
import { didYouMean } from "./near-names.ts";
import type { Target } from "./tool.ts";

/**
 * helpdesk.yaml: the names that tools may act upon, and how each is reached. Reads files; connects to nothing.
 *
 * A model only ever sees the names. A database whose environment is not stated counts as production, because the policy
 * is strictest there.
 */
export interface Inventory extends InventoryFile {
  /** Where it was read: a file, the environment, or nowhere. */
  readonly source: { readonly kind: "file"; readonly file: string } | { readonly kind: "environment" } | { readonly kind: "none" };
}

export type { AgentEntry, ClusterEntry, DatabaseEntry, HostEntry, ModelEntry, ServerEntry } from "./inventory-schema.ts";

export interface InventoryRequest {
  /** The value of --inventory. */
  readonly flag?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** `Config.configDir`. */
  readonly configDir: string;
}

const HINT = "See helpdesk.yaml in docs/architecture.md, or let `helpdesk init` write one.";

/**
 * The first that is there: --inventory, $HELPDESK_INVENTORY, ./helpdesk.yaml, helpdesk.yaml in the user's configuration
 * folder. A file that was asked for by name must exist. Without any, DATABASE_URL or the PG* variables are the database
 * `default`; without those the inventory is empty.
 */
export async function loadInventory(request: InventoryRequest): Promise<Inventory> {
  const named = request.flag ?? (request.env["HELPDESK_INVENTORY"] || undefined);
  // As a file's name it would lose a slash, by which its password is known.
  if (named !== undefined && (named.includes("://") || isConnectionString(named))) {
    throw new ToolError("INVALID_CONFIGURATION", "The inventory was given as a connection string: expected the name of a file", {
      hint: "A connection string goes into --url or DATABASE_URL.",
    });
  }
  if (named !== undefined) return readInventory(path.resolve(request.cwd, named));
  const usual = [path.join(request.cwd, "helpdesk.yaml"), path.join(request.configDir, "helpdesk.yaml")];
  const found = usual.find((file) => existsSync(file));
  return found === undefined ? environmentInventory(request.env) : readInventory(found);
}

async function readInventory(file: string): Promise<Inventory> {
  const [{ InventorySchema }, { loadYamlFile }] = await Promise.all([import("./inventory-schema.ts"), import("./yaml-file.ts")]);
  const inventory = await loadYamlFile(file, InventorySchema, HINT);
  const folder = path.dirname(file);
  const databases = Object.fromEntries(
    Object.entries(inventory.databases).map(([name, entry]) => [
      name,
      entry.passwordFile === undefined ? entry : { ...entry, passwordFile: path.resolve(folder, entry.passwordFile) },
    ]),
  );
  const policy = inventory.policy === undefined ? {} : { policy: path.resolve(folder, inventory.policy) };
  return { ...inventory, ...policy, databases, source: { kind: "file", file } };
}

/** What libpq reads to know where to connect. A password or an application name alone names no database. */
const PLACES = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE", "PGUSER"];

function environmentInventory(env: Environment): Inventory {
  const url = env["DATABASE_URL"];
  if (url !== undefined && url !== "") return inventoryOfUrl(url);
  const isGiven = PLACES.some((variable) => (env[variable] ?? "") !== "");
  return isGiven ? inventoryOf({ default: UNKNOWN_DATABASE }, "environment") : inventoryOf({}, "none");
}

/** One database named `default`, of unknown environment and so treated as production. For --url and DATABASE_URL. */
export function inventoryOfUrl(url: string): Inventory {
  if (!isConnectionString(url)) {
    throw new ToolError(
      "INVALID_CONFIGURATION",
      "The connection string is not one: expected postgres://user@host/database or key=value pairs",
      {
        hint: "Give it as --url or DATABASE_URL; the password can also come from PGPASSWORD or ~/.pgpass.",
      },
    );
  }
  return inventoryOf({ default: { ...UNKNOWN_DATABASE, url } }, "environment");
}

const UNKNOWN_DATABASE: DatabaseEntry = { environment: "production", adhocQueries: false };

function inventoryOf(databases: Record<string, DatabaseEntry>, kind: "environment" | "none"): Inventory {
  return { databases, clusters: {}, hosts: {}, servers: {}, agents: {}, source: { kind } };
}

export function databaseTargets(inventory: Inventory): Target[] {
  return Object.entries(inventory.databases).map(([name, { environment }]) => ({ name, environment }));
}

/** UNKNOWN_TARGET with the names that are near. */
export function findDatabase(inventory: Inventory, name: string): DatabaseEntry {
  const entry = Object.hasOwn(inventory.databases, name) ? inventory.databases[name] : undefined;
  if (entry === undefined) throw unknownTarget(name, Object.keys(inventory.databases));
  return entry;
}

export function unknownTarget(wanted: string, names: readonly string[]): ToolError {
  const known = names.length === 0 ? NO_TARGETS : `Known targets: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", ..." : ""}.`;
  const shown = /^[\w.-]{1,63}$/.test(wanted) ? ` ${JSON.stringify(wanted)}` : "";
  return new ToolError("UNKNOWN_TARGET", `There is no target${shown} in the inventory.${didYouMean(wanted, names)}`, { hint: known });
}

export const NO_TARGETS =
  "The inventory names no database: set DATABASE_URL or the PG* variables, or let `helpdesk init` write helpdesk.yaml.";

/**
 * The password that the entry names, or undefined when it names none: then the connection string, PGPASSWORD or a pgpass
 * file has it, which is the connection's business. `warn` is told of a file that others may read.
 */
export async function resolvePassword(
  name: string,
  entry: DatabaseEntry,
  { env, warn }: { readonly env: Environment; readonly warn: (message: string) => void },
): Promise<string | undefined> {
  const where = `databases.${name}`;
  if (entry.passwordEnv !== undefined) {
    const password = env[entry.passwordEnv];
    if (password === undefined || password === "") {
      const hint = `Set ${entry.passwordEnv} where the server is started; MCP hosts pass on only what their "env" names.`;
      throw new ToolError("INVALID_CONFIGURATION", `${where}.passwordEnv: the variable ${entry.passwordEnv} is not set`, { hint });
    }
    return password;
  }
  if (entry.passwordSecret !== undefined) {
    throw new ToolError("INVALID_CONFIGURATION", `${where}.passwordSecret: this version cannot read Kubernetes secrets`, {
      hint: "Use passwordEnv or passwordFile; a secret that is mounted into the pod is a file.",
    });
  }
  if (entry.passwordFile === undefined) return undefined;
  return readPasswordFile(`${where}.passwordFile`, entry.passwordFile, warn);
}

async function readPasswordFile(where: string, file: string, warn: (message: string) => void): Promise<string> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) warn(`${where}: ${file} can be read by others; chmod 600 it`);
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new ToolError("INVALID_CONFIGURATION", `${where}: ${file} cannot be read (${code})`, {
      hint: "The file holds the password and nothing else.",
      cause,
    });
  }
}
