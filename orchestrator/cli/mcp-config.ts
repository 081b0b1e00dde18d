import path from "node:path";
import type { Config } from "../../kernel/config.ts";
import { loadInventory } from "../../kernel/inventory.ts";
import { packageFolder } from "../package.ts";
import { type Client, configFile, serversKey } from "./mcp-clients.ts";
import { mergeConfig } from "./merge-config.ts";

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
    const { changed, backup } = await mergeConfig(where, { key, name, entry, inputs });
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
