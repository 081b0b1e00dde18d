import { existsSync } from "node:fs";
import { chmod, cp, readdir, readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { unprivilegedAccount } from "./account.ts";
import { runAsAccount } from "./command.ts";
import { cachedFolder } from "./scratch.ts";

export const MAJORS = [13, 14, 15, 16, 17, 18] as const;
export type Major = (typeof MAJORS)[number];

/** PostgreSQL's own programs, where PostgreSQL's account can run them. */
export interface Binaries {
  readonly major: Major;
  /** For naming what is made with them: 18.4.0-beta.17. */
  readonly version: string;
  /** Holds `initdb` and `postgres`. */
  readonly folder: string;
}

/** Those whose optional npm package is really installed for this platform, oldest first. */
export function installedMajors(): readonly Major[] {
  return MAJORS.filter((major) => packageFolder(major) !== null);
}

/** Where Debian and Ubuntu keep a major's programs, or null where it is not installed. */
export function debianBinaries(major: Major): string | null {
  const folder = `/usr/lib/postgresql/${major}/bin`;
  return existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")) ? folder : null;
}

/** The npm package's programs; the newest that is installed where no major is asked for and 18 is not there. */
export async function packagedBinaries(wanted?: Major): Promise<Binaries> {
  const installed = installedMajors();
  const major = wanted ?? installed.at(-1);
  const home = major === undefined ? null : packageFolder(major);
  if (major === undefined || home === null) {
    const there = installed.length === 0 ? "none is" : `${installed.join(", ")} are`;
    throw new Error(
      `PostgreSQL ${wanted ?? MAJORS.at(-1)} is not installed for ${process.platform}-${process.arch} (${there}): run npm ci without --omit=optional`,
    );
  }
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(home, "package.json"), "utf8")));
  const linked = await linkLibraries(home);
  const usable = linked && (await isReachable(home)) ? home : await copyOf(home, version);
  return { major, version, folder: join(usable, "native", "bin") };
}

/** Programs that stand in some folder, as Debian's do; asks them which version they are. */
export async function binariesIn(folder: string): Promise<Binaries> {
  const said = await runAsAccount(join(folder, "postgres"), ["--version"]);
  const version = /\d+(\.\d+)*/.exec(said)?.[0] ?? "";
  const major = MAJORS.find((one) => version.split(".")[0] === String(one));
  if (major === undefined) throw new Error(`The PostgreSQL in ${folder} is none of ${MAJORS.join(", ")}: it says ${said.trim()}`);
  return { major, version: `${version}-system`, folder };
}

function packageFolder(major: Major): string | null {
  const name = `postgres-${major}-${process.platform}-${process.arch}`;
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const home = join(at, "node_modules", name);
    if (existsSync(join(home, "native", "bin", "postgres"))) return home;
    if (dirname(at) === at) return null;
  }
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * npm cannot pack symbolic links; the package makes those of its libraries in an install script, which many run with
 * --ignore-scripts: `libicui18n.so.60: cannot open shared object file`. False where we may not write there.
 */
async function linkLibraries(home: string): Promise<boolean> {
  const listed = await readFile(join(home, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of Links.parse(JSON.parse(listed))) {
    if (existsSync(join(home, target))) continue;
    try {
      await symlink(relative(dirname(target), source), join(home, target));
    } catch (error) {
      const taken = error instanceof Error && "code" in error && error.code === "EEXIST";
      if (!taken) return false;
    }
  }
  return true;
}

/** A checkout below somebody's home, mode 700, cannot be reached by the account that runs PostgreSQL for root. */
async function isReachable(home: string): Promise<boolean> {
  if (unprivilegedAccount() === null) return true;
  const native = join(home, "native");
  return runAsAccount("/bin/sh", [
    "-c",
    'test -x "$1/bin/postgres" && test -r "$1/share/postgresql/postgres.bki" && ls "$1/lib"',
    "sh",
    native,
  ]).then(
    () => true,
    () => false,
  );
}

async function copyOf(home: string, version: string): Promise<string> {
  return cachedFolder(`binaries-${version}`, async (folder) => {
    await cp(join(home, "native"), join(folder, "native"), { recursive: true, verbatimSymlinks: true });
    await cp(join(home, "package.json"), join(folder, "package.json"));
    await linkLibraries(folder);
    await openToAll(folder);
  });
}

/** Installed under a umask of 077, the copies would be as unreadable as the originals. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, 0o755);
  }
}
