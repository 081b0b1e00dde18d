import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Config } from "../../kernel/config.ts";
import { loadInventory } from "../../kernel/inventory.ts";
import { packageFolder } from "../workspace.ts";
import { usageError } from "./failure.ts";
import { type Client, configFile, serversKey } from "./mcp-clients.ts";
import { codeOf } from "./write-file.ts";

/**
 * `helpdesk mcp-config`: what a host assistant has to be told so that it starts this installation. Paths are absolute,
 * the Node too, because a host's PATH is not a shell's. No password is ever written.
 */
export interface McpConfigArguments {
  readonly client: Client;
  readonly isWritten: boolean;
  readonly file: string | undefined;
  readonly inventory: string | undefined;
  readonly name: string;
}

export async function mcpConfigCommand(args: McpConfigArguments, config: Config): Promise<number> {
  const { client, isWritten, file, name } = args;
  const { entry, inputs, notes } = await entryFor(args, config);
  const key = serversKey(client);
  const merged = { ...(inputs.length > 0 && { inputs }), [key]: { [name]: entry } };
  const where = path.resolve(config.cwd, file ?? configFile(client, config, process.platform));
  if (isWritten) {
    const { changed, backup } = await mergeInto(where, { key, name, entry, inputs });
    process.stdout.write(
      changed
        ? `${where} now starts ${name}.${backup === null ? "" : ` The former file is ${backup}.`}\n`
        : `${where} starts ${name} already.\n`,
    );
  } else {
    process.stdout.write(`${JSON.stringify(merged, null, 2)}\n`);
    process.stderr.write(`For ${where}; --write merges it.\n`);
  }
  for (const note of notes) process.stderr.write(`${note}\n`);
  return 0;
}

type Entry = Readonly<Record<string, unknown>>;

const URL_INPUT = {
  type: "promptString",
  id: "helpdesk-database-url",
  description: "Connection string of the database, such as postgres://helpdesk@db1/orders",
  password: true,
};

async function entryFor({ client, inventory: flag }: McpConfigArguments, { env, cwd, configDir }: Config) {
  const inventory = await loadInventory({ flag, env, cwd, configDir });
  const { source } = inventory;
  const from = source.kind === "file" ? ["--inventory", source.file] : [];
  const isAsked = client === "vscode" && from.length === 0;
  const url = isAsked ? `\${input:${URL_INPUT.id}}` : "postgres://helpdesk@db1.example.com/orders";
  const entry: Entry = {
    ...(client === "vscode" && { type: "stdio" }),
    command: process.execPath,
    args: [path.join(packageFolder(), "bin", "helpdesk.js"), "serve", "postgres", "--stdio", ...from],
    ...(from.length === 0 && { env: { DATABASE_URL: url } }),
  };
  const variables = Object.values(inventory.databases).flatMap(({ passwordEnv }) => (passwordEnv === undefined ? [] : [passwordEnv]));
  const notes = [
    ...(from.length > 0 || isAsked
      ? []
      : ["There is no inventory: replace DATABASE_URL by yours, or run `helpdesk init` first. Keep the password in ~/.pgpass."]),
    ...(source.kind === "file" && variables.length > 0
      ? [
          `The inventory takes passwords from ${[...new Set(variables)].join(", ")}: add them to "env", or use passwordFile; hosts do not pass your shell's variables on.`,
        ]
      : []),
  ];
  return { entry, inputs: isAsked ? [URL_INPUT] : [], notes };
}

interface Merge {
  readonly key: "servers" | "mcpServers";
  readonly name: string;
  readonly entry: Entry;
  readonly inputs: readonly (typeof URL_INPUT)[];
}

/** Keeps what else is in the file; the former one is copied beside it first. A file that is not plain JSON is left alone. */
async function mergeInto(file: string, { key, name, entry, inputs }: Merge): Promise<{ changed: boolean; backup: string | null }> {
  const isThere = existsSync(file);
  const before = isThere ? await readConfigFile(file) : {};
  const servers = Settings.parse(before[key] ?? {});
  const kept = z.array(z.unknown()).catch([]).parse(before["inputs"]);
  const missing = inputs.filter(({ id }) => !kept.some((one) => JSON.stringify(one).includes(`"id":"${id}"`)));
  const after = { ...before, ...(missing.length > 0 && { inputs: [...kept, ...missing] }), [key]: { ...servers, [name]: entry } };
  if (JSON.stringify(after) === JSON.stringify(before)) return { changed: false, backup: null };
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const real = isThere ? await realpath(file) : file;
    const backup = isThere ? await backUp(real) : null;
    const draft = `${real}.${process.pid}.new`;
    await writeFile(draft, `${JSON.stringify(after, null, 2)}\n`, { mode: isThere ? (await stat(real)).mode & 0o777 : 0o600 });
    await rename(draft, real);
    return { changed: true, backup };
  } catch (cause) {
    throw usageError(`${file} cannot be written (${codeOf(cause)})`, "Without --write the configuration is printed instead.");
  }
}

const Settings = z.record(z.string(), z.unknown());

async function readConfigFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  const byHand = "It was left as it is. Without --write the configuration is printed, to be added by hand.";
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw usageError(`${file} cannot be read (${codeOf(cause)})`, byHand);
  });
  if (text.trim() === "") return {};
  try {
    const parsed = Settings.parse(JSON.parse(text));
    for (const key of ["servers", "mcpServers"]) Settings.optional().parse(parsed[key]);
    return parsed;
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      const hasComments = /^\s*(?:\/\/|\/\*)/mu.test(text);
      throw usageError(`${file} is not plain JSON${hasComments ? ": it has comments, which merging would lose" : ""}`, byHand);
    }
    throw usageError(`${file} is JSON, but not a configuration: expected an object with an object of servers`, byHand);
  }
}

async function backUp(file: string): Promise<string> {
  for (let number = 1; ; number++) {
    const backup = `${file}.backup-${number}`;
    if (existsSync(backup)) continue;
    await copyFile(file, backup);
    return backup;
  }
}
