import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeOwned } from "./account.ts";
import type { Binaries, Major } from "./binaries.ts";
import { startGuard } from "./guard.ts";
import { logTail, type Postmaster, startPostmaster } from "./postmaster.ts";
import { processesOf } from "./processes.ts";
import { dataFolderOf, removeFolder } from "./scratch.ts";
import { SETTINGS_FILE } from "./template.ts";

export type Settings = Readonly<Record<string, string | number | boolean>>;

/** One PostgreSQL server, started and stopped at will. Its port stays the same for life. */
export interface Cluster extends AsyncDisposable {
  readonly major: Major;
  readonly binaries: Binaries;
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly folder: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  /** What its maker asked for beyond the sandbox's own. */
  readonly settings: Settings;
  /** The postmaster's pid; null while it is stopped. */
  readonly pid: number | null;
  /** The superuser `postgres` in the database `postgres` unless said otherwise. */
  url(options?: { database?: string; role?: string; application?: string }): string;
  /** `fast` disconnects everyone, `immediate` is a crash with a recovery to follow, `smart` waits until the last client has left. */
  stop(mode?: StopMode): Promise<void>;
  /** Throws, with what the log says, where PostgreSQL does not start. */
  start(): Promise<void>;
  /** `settings` are added to the present ones. */
  restart(settings?: Settings): Promise<void>;
  /** After an edit of the configuration; with `settings`, makes that edit. */
  reload(settings?: Settings): Promise<void>;
  /** A signal to the postmaster. Does not wait. */
  kill(signal: NodeJS.Signals): void;
}

export type StopMode = "fast" | "immediate" | "smart";

export interface ClusterOptions {
  readonly binaries: Binaries;
  /** Holds the data directory. */
  readonly folder: string;
  /** Removed on dispose, and with this process's death. */
  readonly isTemporary: boolean;
  readonly settings: Settings;
  /** Null leaves pg_hba.conf as it is. */
  readonly hba: readonly string[] | null;
}

const HOST = "127.0.0.1";
const STOP_SIGNAL = { smart: "SIGTERM", fast: "SIGINT", immediate: "SIGQUIT" } as const satisfies Record<StopMode, NodeJS.Signals>;
const STOP_SECONDS = 60;
const POLL_MS = 10;

/** Starts the cluster in `folder`. */
export async function runCluster(options: ClusterOptions): Promise<Cluster> {
  const { binaries, folder } = options;
  const dataDirectory = dataFolderOf(folder);
  const logFile = join(folder, "server.log");
  const guard = startGuard(options.isTemporary ? folder : null);
  let settings = options.settings;
  let server: Postmaster | null = null;
  let port = 0;

  const writeSettings = () =>
    writeOwned(join(dataDirectory, SETTINGS_FILE), settingLines({ ...ownSettings(binaries.major, folder), ...settings, port }));
  const stopped = async () => {
    await server?.end();
    await untilNoneRuns(dataDirectory);
  };

  const start = async () => {
    if (server !== null) throw new Error(`The sandbox's server on port ${port} is running already`);
    // Backends outlive a killed postmaster by a moment, and a new one refuses to start beside them.
    await untilNoneRuns(dataDirectory);
    server = await startPostmaster({
      program: join(binaries.folder, "postgres"),
      dataDirectory,
      logFile,
      onStart: (pid) => guard.watch(pid),
      onEnd: () => {
        server = null;
        guard.watch(null);
      },
    });
    await server.ready;
  };

  const stop = async (mode: StopMode = "fast") => {
    if (server === null) return;
    server.kill(STOP_SIGNAL[mode]);
    const isLate = await Promise.race([server.end(), sleep(STOP_SECONDS * 1000, true, { ref: false })]);
    if (isLate === true) throw new Error(`PostgreSQL did not stop (${mode}) within ${STOP_SECONDS} s${await logTail(logFile)}`);
    await stopped();
  };

  const dispose = async () => {
    server?.kill(options.isTemporary ? "SIGQUIT" : "SIGINT");
    // An incident may have stopped it as a hung one is: no other signal reaches it then.
    server?.kill("SIGCONT");
    await Promise.race([stopped(), sleep(STOP_SECONDS * 1000, undefined, { ref: false })]);
    if (options.isTemporary) await removeFolder(folder);
    await guard.release();
  };

  try {
    if (options.hba !== null) await writeOwned(join(dataDirectory, "pg_hba.conf"), `${options.hba.join("\n")}\n`);
    for (let tries = 1; ; tries++) {
      port = await freePort();
      await writeSettings();
      try {
        await start();
        break;
      } catch (error) {
        // Another process took the port between our look and PostgreSQL's start.
        const isTaken = error instanceof Error && /could not bind|Address already in use/i.test(error.message);
        if (!isTaken || tries === 5) throw error;
      }
    }
  } catch (error) {
    await dispose();
    throw error;
  }

  return {
    major: binaries.major,
    binaries,
    host: HOST,
    port,
    folder,
    dataDirectory,
    logFile,
    get settings() {
      return settings;
    },
    get pid() {
      return server?.pid ?? null;
    },
    url({ database = "postgres", role = "postgres", application } = {}) {
      const query = application === undefined ? "" : `?application_name=${encodeURIComponent(application)}`;
      return `postgres://${encodeURIComponent(role)}@${HOST}:${port}/${encodeURIComponent(database)}${query}`;
    },
    stop,
    start,
    async restart(added = {}) {
      await stop("fast");
      settings = { ...settings, ...added };
      await writeSettings();
      await start();
    },
    async reload(added = {}) {
      if (server === null) throw new Error("The sandbox's server is stopped: start it, there is nothing to reload");
      settings = { ...settings, ...added };
      if (Object.keys(added).length > 0) await writeSettings();
      const before = await countReloads(logFile);
      server.kill("SIGHUP");
      // With the log sent elsewhere there is nothing to wait for, but the signal is handled within milliseconds.
      for (let waitedMs = 0; waitedMs < 2000 && (await countReloads(logFile)) === before; waitedMs += POLL_MS) await sleep(POLL_MS);
    },
    kill(signal) {
      server?.kill(signal);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * What every sandbox has: nothing outside of its folder, little memory, and what the diagnosis reads. fsync stays on:
 * off, it is a cause of its own in every diagnosis, and saves a tenth of a small transaction's time.
 */
function ownSettings(major: Major, folder: string): Settings {
  return {
    listen_addresses: HOST,
    unix_socket_directories: fitsSocket(folder) ? folder : "",
    max_connections: 100,
    shared_buffers: "32MB",
    // POSIX shared memory would be left in /dev/shm by a killed postmaster.
    dynamic_shared_memory_type: "mmap",
    shared_preload_libraries: "pg_stat_statements",
    ...(major >= 14 ? { compute_query_id: true } : {}),
    track_io_timing: true,
    logging_collector: false,
    lc_messages: "C",
    timezone: "UTC",
    log_timezone: "UTC",
  };
}

/** A socket's path has 104 bytes on macOS, 108 on Linux; a longer one stops PostgreSQL from starting. */
function fitsSocket(folder: string): boolean {
  return Buffer.byteLength(join(folder, ".s.PGSQL.65535.lock")) < 103;
}

function settingLines(settings: Settings): string {
  return Object.entries(settings)
    .map(
      ([name, value]) => `${name} = ${typeof value === "boolean" ? (value ? "on" : "off") : `'${String(value).replaceAll("'", "''")}'`}\n`,
    )
    .join("");
}

async function untilNoneRuns(dataDirectory: string): Promise<void> {
  for (let waitedMs = 0; (await processesOf(dataDirectory)).length > 0 && waitedMs < STOP_SECONDS * 1000; waitedMs += POLL_MS)
    await sleep(POLL_MS);
}

async function countReloads(logFile: string): Promise<number> {
  return (await readFile(logFile, "utf8").catch(() => "")).split("reloading configuration files").length;
}

/** Below the range that systems give to outgoing connections: the port must still be free when the server starts again. */
const PORTS = { first: 15_000, last: 32_000 };

async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first));
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(false));
      probe.listen(port, HOST, () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error(`No free port on ${HOST} between ${PORTS.first} and ${PORTS.last}`);
}
