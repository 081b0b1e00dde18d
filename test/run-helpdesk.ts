import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Runs the command line from its sources, as a user with a home of their own, and gives what they would see. */
export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Home extends AsyncDisposable {
  readonly folder: string;
  /** Without it, standard input is empty. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Sends a signal when it has said this, or when something else has happened. */
  readonly interrupt?: { readonly after: RegExp | Promise<unknown>; readonly signal: NodeJS.Signals };
}

const LAUNCHER = path.join(import.meta.dirname, "..", "bin", "helpdesk.js");

export async function newHome(): Promise<Home> {
  const folder = await mkdtemp(path.join(tmpdir(), "helpdesk-home-"));
  return {
    folder,
    run: (args, options = {}) => run(folder, args, options),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function run(folder: string, args: readonly string[], { env = {}, interrupt }: RunOptions): Promise<Ran> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, HELPDESK_SOURCE: "1", NODE_COMPILE_CACHE: COMPILED, ...env },
  });
  const said = { stdout: "", stderr: "" };
  let isInterrupted = false;
  const hear = (name: keyof typeof said) => (text: string) => {
    said[name] += text;
    if (interrupt?.after instanceof RegExp && interrupt.after.test(said.stdout + said.stderr)) stop();
  };
  const stop = () => {
    if (!isInterrupted) child.kill(interrupt?.signal);
    isInterrupted = true;
  };
  if (interrupt?.after instanceof Promise) void interrupt.after.then(stop);
  child.stdout.setEncoding("utf8").on("data", hear("stdout"));
  child.stderr.setEncoding("utf8").on("data", hear("stderr"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      resolve({ status, signal, ...said });
    });
  });
}

/** Shared by all runs: compiling the sources anew takes most of a second each. */
const COMPILED = path.join(tmpdir(), `helpdesk-test-compiled-${process.getuid?.() ?? 0}`);
