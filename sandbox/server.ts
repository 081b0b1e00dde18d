import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Binaries, binariesIn, debianBinaries, installedMajors, type Major, packagedBinaries } from "./binaries.ts";
import { type Cluster, runCluster, type Settings } from "./cluster.ts";
import { adoptFolder, dataFolderOf, newRunFolder, removeFolder, sweepScratch } from "./scratch.ts";
import { copyTemplate } from "./template.ts";

export { debianBinaries, installedMajors, type Major, type Settings };

export interface SandboxOptions {
  /** Default: 18, or the newest that is installed. */
  readonly major?: Major;
  /** Instead of the npm package's: a folder that holds `initdb` and `postgres`. See `debianBinaries`. */
  readonly binaries?: string;
  /** Lines of the configuration, over the sandbox's own. */
  readonly settings?: Settings;
  /** The whole of pg_hba.conf; default: trust on the socket and on loopback. */
  readonly hba?: readonly string[];
  /** Kept on dispose, and started again where it holds a cluster already. Default: a new temporary folder, removed on dispose. */
  readonly folder?: string;
}

export type SandboxServer = Cluster;

/**
 * A real PostgreSQL of one's own, on loopback, in a temporary folder, as an unprivileged account where we are root.
 *
 * Disposing it leaves no process and no folder; so does the death of this process, kill -9 included.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<SandboxServer> {
  const binaries = await chooseBinaries(options);
  await sweepOnce();
  const folder = options.folder ?? (await newRunFolder());
  try {
    if (options.folder !== undefined) await adoptFolder(folder);
    const dataDirectory = dataFolderOf(folder);
    if (!existsSync(join(dataDirectory, "PG_VERSION"))) await copyTemplate(binaries, dataDirectory);
    return await runCluster({
      binaries,
      folder,
      isTemporary: options.folder === undefined,
      settings: options.settings ?? {},
      hba: options.hba ?? TRUST_LOOPBACK,
    });
  } catch (error) {
    if (options.folder === undefined) await removeFolder(folder);
    throw error;
  }
}

const TRUST_LOOPBACK = [
  "local all all trust",
  "host all all 127.0.0.1/32 trust",
  "host all all ::1/128 trust",
  "local replication all trust",
  "host replication all 127.0.0.1/32 trust",
];

async function chooseBinaries({ major, binaries }: SandboxOptions): Promise<Binaries> {
  if (binaries === undefined) return packagedBinaries(major);
  const found = await binariesIn(binaries);
  if (major !== undefined && found.major !== major) throw new Error(`${binaries} holds PostgreSQL ${found.major}, not ${major}`);
  return found;
}

let sweeping: Promise<void> | undefined;

/** Once a process: what the dead left is not made anew while we live. */
function sweepOnce(): Promise<void> {
  sweeping ??= sweepScratch();
  return sweeping;
}
