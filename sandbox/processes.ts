import { readdir, readFile, readlink } from "node:fs/promises";
import { basename, join } from "node:path";

/** What Linux adds to the name of a folder that was removed under a process. */
const DELETED = / \(deleted\)$/;

/**
 * The PostgreSQL processes of one data directory: every one of them has it as its working directory. Found so rather
 * than as children, because backends outlive a killed postmaster for a while, and each leads a session of its own.
 * Elsewhere than on Linux only the postmaster is found, by its pid file.
 */
export async function processesOf(dataDirectory: string): Promise<number[]> {
  if (process.platform !== "linux") return postmasterOf(dataDirectory);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const [cwd, exe] = await Promise.all([readlink(`/proc/${pid}/cwd`), readlink(`/proc/${pid}/exe`)]);
        return cwd.replace(DELETED, "") === dataDirectory && basename(exe.replace(DELETED, "")) === "postgres" ? [pid] : [];
      } catch {
        return [];
      }
    }),
  );
  return found.flat();
}

async function postmasterOf(dataDirectory: string): Promise<number[]> {
  try {
    const pid = Number((await readFile(join(dataDirectory, "postmaster.pid"), "utf8")).split("\n")[0]);
    if (!Number.isSafeInteger(pid) || pid <= 1) return [];
    process.kill(pid, 0);
    return [pid];
  } catch {
    return [];
  }
}
