import path from "node:path";
import type { Config } from "../../kernel/config.ts";

/** Host assistants that can start the server, and the file from which each reads what to start. */
export const CLIENTS = ["claude-desktop", "claude-code", "vscode", "cursor"] as const;
export type Client = (typeof CLIENTS)[number];

/** The key under which the file lists servers. */
export function serversKey(client: Client): "servers" | "mcpServers" {
  return client === "vscode" ? "servers" : "mcpServers";
}

/** Claude Code and VS Code read a file of the project; Claude Desktop and Cursor one of the user. */
export function configFile(client: Client, { env, cwd }: Pick<Config, "env" | "cwd">, platform: NodeJS.Platform): string {
  const home = env["HOME"] || env["USERPROFILE"] || cwd;
  switch (client) {
    case "claude-code":
      return path.join(cwd, ".mcp.json");
    case "vscode":
      return path.join(cwd, ".vscode", "mcp.json");
    case "cursor":
      return path.join(home, ".cursor", "mcp.json");
    case "claude-desktop":
      return path.join(claudeFolder(home, env, platform), "claude_desktop_config.json");
    default:
      return client satisfies never;
  }
}

function claudeFolder(home: string, env: Config["env"], platform: NodeJS.Platform): string {
  if (platform === "darwin") return path.join(home, "Library", "Application Support", "Claude");
  if (platform === "win32") return path.join(env["APPDATA"] || path.join(home, "AppData", "Roaming"), "Claude");
  return path.join(env["XDG_CONFIG_HOME"] || path.join(home, ".config"), "Claude");
}
