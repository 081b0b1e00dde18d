import { lstat, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { giveToAccount, sandboxUid } from "./account.ts";
import { processesOf } from "./processes.ts";

/**
 * The sandbox's folders below the machine's temporary folder: those of one run, and those kept between runs (template
 * clusters, copies of binaries). Everything is named `helpdesk-sandbox-*`; what a dead run left is swept by the next.
 */
const PREFIX = "helpdesk-sandbox-";
const RUN = /^helpdesk-sandbox-run-/;
const UNFINISHED = /^helpdesk-sandbox-.*\.new-/;
const CACHED = /^helpdesk-sandbox-(template|binaries)-/;

const MINUTE_MS = 60_000;
const UNFINISHED_MS = 10 * MINUTE_MS;
const CACHED_MS = 20 * 24 * 60 * MINUTE_MS;
/** Below the ten days after which systemd-tmpfiles picks old files out of /tmp, which would leave half a template. */
const CACHE_PERIOD_MS = 7 * 24 * 60 * MINUTE_MS;

const OWNER_FILE = "owner";
const DATA_FOLDER = "data";

export function dataFolderOf(folder: string): string {
  return join(folder, DATA_FOLDER);
}

/** A new folder that belongs to this process's run and to PostgreSQL's account. */
export async function newRunFolder(): Promise<string> {
  const folder = await newFolder("run-");
  await writeFile(join(folder, OWNER_FILE), await processStamp(process.pid));
  return folder;
}

/** A folder that the caller chose and keeps. */
export async function adoptFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  giveToAccount(folder);
}

/** Makes a folder once for all processes: built beside, then renamed into place, so that nobody ever sees half of it. */
export async function cachedFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const period = Math.floor(Date.now() / CACHE_PERIOD_MS);
  const place = join(await temporaryRoot(), `${PREFIX}${name}-${sandboxUid()}-${period}`);
  if (await isOurs(place)) return place;

  const made = await newFolder(`${name}.new-`);
  try {
    await make(made);
    await rename(made, place);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    // Another process was faster; what it made is whole, because it was renamed into place too.
    if (!(await isOurs(place))) throw error;
  }
  return place;
}

/** Removes what runs that are over have left: folders, and servers where even the guard was killed. */
export async function sweepScratch(): Promise<void> {
  const root = await temporaryRoot();
  for (const name of await readdir(root)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(root, name);
    try {
      if (!(await isOurs(path))) continue;
      const ageMs = Date.now() - (await lstat(path)).mtimeMs;
      if (RUN.test(name)) {
        if (await isRunOver(path, ageMs)) await removeFolder(path);
      } else if ((UNFINISHED.test(name) && ageMs > UNFINISHED_MS) || (CACHED.test(name) && ageMs > CACHED_MS)) {
        await removeFolder(path);
      }
    } catch {
      // Another process sweeps the same folder, or it is not ours to remove: either way the next run looks again.
    }
  }
}

/** Removes a folder after ending whatever still runs in its cluster. */
export async function removeFolder(folder: string): Promise<void> {
  for (const pid of await processesOf(dataFolderOf(folder))) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

async function newFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(await temporaryRoot(), PREFIX + name));
  giveToAccount(folder);
  return folder;
}

/** Real path: PostgreSQL resolves symbolic links (macOS has one in its temporary path), and we compare with what it says. */
async function temporaryRoot(): Promise<string> {
  return realpath(tmpdir());
}

/** The temporary folder is everybody's: what somebody else put there under our name is never trusted. */
async function isOurs(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    return found.isDirectory() && (found.uid === sandboxUid() || found.uid === process.getuid?.());
  } catch {
    return false;
  }
}

async function isRunOver(folder: string, ageMs: number): Promise<boolean> {
  const owner = await readFile(join(folder, OWNER_FILE), "utf8").catch(() => null);
  if (owner === null) return ageMs > MINUTE_MS;
  const [pid = "", , namespace = ""] = owner.split(" ");
  const [, , ourNamespace = ""] = (await processStamp(process.pid)).split(" ");
  if (namespace !== ourNamespace) return ageMs > CACHED_MS;
  return (await processStamp(Number(pid))) !== owner;
}

/**
 * What tells a process from a later one with the same number: pid, start in clock ticks since boot, pid namespace
 * (containers may share a temporary folder). Elsewhere than on Linux the pid has to do.
 */
async function processStamp(pid: number): Promise<string> {
  if (process.platform !== "linux") return isAlive(pid) ? `${pid} - -` : "";
  try {
    const status = await readFile(`/proc/${pid}/stat`, "utf8");
    const started = status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "-";
    const { ino } = await stat("/proc/self/ns/pid");
    return `${pid} ${started} ${ino}`;
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
