import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Environment } from "./config.ts";
import { ToolError } from "./errors.ts";
import { didYouMean } from "./near-names.ts";
import type { Target } from "./tool.ts";
import { loadYamlFile } from "./yaml-file.ts";

/**
 * helpdesk.yaml: the names that tools may act upon, and how each is reached. Reads files; connects to nothing.
 *
 * A model only ever sees the names. A database whose environment is not stated counts as production, because the policy
 * is strictest there.
 */
const Name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, "a name has letters, digits, dots, dashes and underscores, at most 63");

const Workload = z.string().regex(/^(statefulset|deployment|cluster|pod|dbcluster|postgresql|postgrescluster)\/[a-z0-9][a-z0-9.-]*$/, {
  error: "expected kind/name, such as statefulset/orders-db",
});

const KubernetesPlace = z.strictObject({ cluster: Name, namespace: z.string().min(1), workload: Workload });

const SecretReference = z.strictObject({
  cluster: Name.optional(),
  namespace: z.string().min(1),
  name: z.string().min(1),
  key: z.string().min(1).default("password"),
});

/** The value is never repeated: it may hold a password in any of its spellings. */
const ConnectionString = z
  .string()
  .refine((text) => /^postgres(ql)?:\/\//i.test(text) || /^\s*[a-z_]+\s*=/i.test(text), "expected postgres://... or key=value pairs");

const DatabaseEntry = z
  .strictObject({
    url: ConnectionString.optional(),
    service: z.string().min(1).optional(),
    passwordEnv: z.string().min(1).optional(),
    passwordFile: z.string().min(1).optional(),
    passwordSecret: SecretReference.optional(),
    environment: z.enum(["production", "staging", "test"]).default("production"),
    adhocQueries: z.boolean().default(false),
    role: z.enum(["primary", "standby"]).optional(),
    kubernetes: KubernetesPlace.optional(),
    host: Name.optional(),
  })
  .superRefine((entry, context) => {
    atMostOne(entry, ["url", "service"], context);
    atMostOne(entry, ["passwordEnv", "passwordFile", "passwordSecret"], context);
  });
export type DatabaseEntry = z.output<typeof DatabaseEntry>;

const ClusterEntry = z.strictObject({ context: z.string().min(1).optional(), kubeconfig: z.string().min(1).optional() });
export type ClusterEntry = z.output<typeof ClusterEntry>;

const HostEntry = z.strictObject({
  ssh: z.string().min(1).optional(),
  unit: z.string().min(1).optional(),
  container: z.string().min(1).optional(),
  environment: z.enum(["production", "staging", "test"]).default("production"),
});
export type HostEntry = z.output<typeof HostEntry>;

const ServerEntry = z
  .strictObject({
    url: z.url().optional(),
    tokenEnv: z.string().min(1).optional(),
    command: z.string().min(1).optional(),
    args: z.array(z.string()).optional(),
    env: z.record(z.string(), z.string()).optional(),
  })
  .superRefine((entry, context) => {
    atMostOne(entry, ["url", "command"], context);
    if (entry.url === undefined && entry.command === undefined) context.addIssue({ code: "custom", message: "expected url or command" });
  });
export type ServerEntry = z.output<typeof ServerEntry>;

const AgentEntry = z.strictObject({ card: z.url(), tokenEnv: z.string().min(1).optional() });
export type AgentEntry = z.output<typeof AgentEntry>;

const ModelEntry = z.strictObject({
  provider: z.enum(["anthropic", "openai", "google", "openai-compatible"]),
  name: z.string().min(1),
  baseUrl: z.url().optional(),
  apiKeyEnv: z.string().min(1).optional(),
});
export type ModelEntry = z.output<typeof ModelEntry>;

export const InventorySchema = z
  .strictObject({
    databases: z.record(Name, DatabaseEntry).default({}),
    clusters: z.record(Name, ClusterEntry).default({}),
    hosts: z.record(Name, HostEntry).default({}),
    servers: z.record(Name, ServerEntry).default({}),
    agents: z.record(Name, AgentEntry).default({}),
    model: ModelEntry.optional(),
    policy: z.string().min(1).optional(),
  })
  .superRefine((inventory, context) => {
    for (const [name, { kubernetes, host, passwordSecret }] of Object.entries(inventory.databases)) {
      const named = (where: readonly string[], what: "clusters" | "hosts", wanted: string | undefined) => {
        if (wanted === undefined || Object.hasOwn(inventory[what], wanted)) return;
        const message = `${JSON.stringify(wanted)} is not in ${what}.${didYouMean(wanted, Object.keys(inventory[what]))}`;
        context.addIssue({ code: "custom", path: ["databases", name, ...where], message });
      };
      named(["kubernetes", "cluster"], "clusters", kubernetes?.cluster);
      named(["passwordSecret", "cluster"], "clusters", passwordSecret?.cluster);
      named(["host"], "hosts", host);
    }
  });

export interface Inventory extends z.output<typeof InventorySchema> {
  /** Where it was read: a file, the environment, or nowhere. */
  readonly source: { readonly kind: "file"; readonly file: string } | { readonly kind: "environment" } | { readonly kind: "none" };
}

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
  if (named !== undefined) return readInventory(path.resolve(request.cwd, named));
  const usual = [path.join(request.cwd, "helpdesk.yaml"), path.join(request.configDir, "helpdesk.yaml")];
  const found = usual.find((file) => existsSync(file));
  return found === undefined ? environmentInventory(request.env) : readInventory(found);
}

async function readInventory(file: string): Promise<Inventory> {
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
  const inventory = InventorySchema.parse(isGiven ? { databases: { default: {} } } : {});
  return { ...inventory, source: { kind: isGiven ? "environment" : "none" } };
}

/** One database named `default`, of unknown environment and so treated as production. For --url and DATABASE_URL. */
export function inventoryOfUrl(url: string): Inventory {
  const parsed = InventorySchema.safeParse({ databases: { default: { url } } });
  if (!parsed.success) {
    throw new ToolError(
      "INVALID_CONFIGURATION",
      "The connection string is not one: expected postgres://user@host/database or key=value pairs",
      {
        hint: "Give it as --url or DATABASE_URL; the password can also come from PGPASSWORD or ~/.pgpass.",
      },
    );
  }
  return { ...parsed.data, source: { kind: "environment" } };
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

function atMostOne<E extends object>(entry: E, keys: readonly (keyof E & string)[], context: z.RefinementCtx): void {
  const given = keys.filter((key) => entry[key] !== undefined);
  const [, second] = given;
  if (second !== undefined) context.addIssue({ code: "custom", path: [second], message: `expected only one of ${given.join(", ")}` });
}
