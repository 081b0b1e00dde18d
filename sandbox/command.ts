import { spawn } from "node:child_process";
import { asAccount } from "./account.ts";

/** Runs one short command as the sandbox's account and waits for it; throws with what it said when it fails. */
export async function runAsAccount(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { ...asAccount(), cwd: "/", stdio: ["ignore", "pipe", "pipe"], env: commandEnvironment() });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`${command} failed (${code ?? "killed"}): ${(said.stderr || said.stdout).trim().slice(-2000)}`);
  return said.stdout;
}

/** Nothing of ours: PGDATA, PGPORT, LANG and the like would change what PostgreSQL does, and secrets have no business there. */
export function commandEnvironment(): Record<string, string> {
  return { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" };
}
