import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** Other people's servers, installed from npm outside of the checkout: they are measured, never shipped. */
const FOLDER = path.join(os.tmpdir(), "aihelpdesk-bench-peers");
const PACKAGES = ["@toolbox-sdk/server@1.12.0", "@modelcontextprotocol/server-postgres@0.6.2"];

export interface Peers {
  /** Node program. */
  readonly reference: string | null;
  /** Native program. */
  readonly toolbox: string | null;
}

/** Null for what cannot be installed here; the benchmark says so and goes on. */
export async function installPeers(): Promise<Peers> {
  mkdirSync(FOLDER, { recursive: true });
  if (!existsSync(path.join(FOLDER, "package.json"))) writeFileSync(path.join(FOLDER, "package.json"), '{ "private": true }\n');
  if (!existsSync(path.join(FOLDER, "node_modules"))) {
    await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", ...PACKAGES], { cwd: FOLDER }).catch((error: unknown) => {
      process.stderr.write(`peers could not be installed: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}\n`);
    });
  }
  const there = (file: string) => (existsSync(file) ? file : null);
  const modules = path.join(FOLDER, "node_modules");
  return {
    reference: there(path.join(modules, "@modelcontextprotocol", "server-postgres", "dist", "index.js")),
    toolbox:
      there(path.join(modules, `@toolbox-sdk`, `server-${process.platform}-${process.arch}`, "bin", "toolbox")) ??
      there(path.join(modules, ".bin", "toolbox")),
  };
}
