import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { asAccount } from "./account.ts";
import { commandEnvironment } from "./command.ts";

const START_SECONDS = 60;
const POLL_MS = 10;

/** One run of the server process, from its start to its end. */
export interface Postmaster {
  readonly pid: number;
  readonly ready: Promise<void>;
  /** Waits for it. */
  end(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export async function startPostmaster(options: {
  program: string;
  dataDirectory: string;
  logFile: string;
  onStart(pid: number): void;
  onEnd(): void;
}): Promise<Postmaster> {
  const { program, dataDirectory, logFile } = options;
  const log = openSync(logFile, "a", 0o644);
  let child: ChildProcess;
  try {
    // Detached: an interrupt at the terminal is for us, and we end the server in our own time.
    child = spawn(program, ["-D", dataDirectory], {
      ...asAccount(),
      cwd: dataDirectory,
      detached: true,
      env: commandEnvironment(),
      stdio: ["ignore", log, log],
    });
  } finally {
    closeSync(log);
  }
  const failure = new Promise<Error>((resolve) => child.once("error", resolve));
  const { pid } = child;
  if (pid === undefined) throw await failure;
  options.onStart(pid);
  // A forgotten server must not keep its owner from ending: the guard ends it then.
  child.unref();

  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      hasEnded = true;
      options.onEnd();
      resolve();
    });
  });
  return {
    pid,
    end() {
      child.ref();
      return ended;
    },
    ready: untilReady({ pid, dataDirectory, logFile, hasEnded: () => hasEnded }),
    kill(signal) {
      if (!hasEnded) process.kill(pid, signal);
    },
  };
}

/** By the last line of its pid file: that needs no role, no password and no free slot. */
async function untilReady(server: { pid: number; dataDirectory: string; logFile: string; hasEnded(): boolean }): Promise<void> {
  const deadline = performance.now() + START_SECONDS * 1000;
  while (performance.now() < deadline) {
    if (server.hasEnded()) throw new Error(`PostgreSQL did not start${await logTail(server.logFile)}`);
    const lines = (await readFile(join(server.dataDirectory, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
    const status = lines[7]?.trim();
    if (lines[0] === String(server.pid) && (status === "ready" || status === "standby")) return;
    await sleep(POLL_MS);
  }
  throw new Error(`PostgreSQL was not ready within ${START_SECONDS} s${await logTail(server.logFile)}`);
}

/** For an error: what PostgreSQL said last. */
export async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text === "" ? "" : `; its log ends:\n${text.trimEnd().split("\n").slice(-8).join("\n")}`;
}
