import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { runAsAccount } from "./command.ts";
import { cachedFolder, dataFolderOf } from "./scratch.ts";

/** The sandbox's own settings, beside `postgresql.conf`, which includes it. */
export const SETTINGS_FILE = "sandbox.conf";

/** Puts a fresh cluster at `dataDirectory`: a copy of one that initdb made once, as initdb takes 0.7 s and a copy 0.05 s. */
export async function copyTemplate(binaries: Binaries, dataDirectory: string): Promise<void> {
  const template = await cachedFolder(`template-${binaries.version}`, async (folder) => {
    const data = dataFolderOf(folder);
    await runAsAccount(join(binaries.folder, "initdb"), [
      `--pgdata=${data}`,
      "--username=postgres",
      "--auth=trust",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ]);
    await appendFile(join(data, "postgresql.conf"), `\ninclude_if_exists = '${SETTINGS_FILE}'\n`);
  });
  await copyFolder(dataFolderOf(template), dataDirectory);
}

/**
 * As PostgreSQL's account, so that the copy belongs to it; shares blocks where the file system can.
 *
 * `mayChange`: of a running server, whose files come and go meanwhile. Recovery makes the copy whole.
 */
export async function copyFolder(from: string, to: string, { mayChange = false } = {}): Promise<void> {
  const share = process.platform === "linux" ? ["--reflink=auto"] : [];
  try {
    await runAsAccount("cp", ["-pPR", ...share, from, to]);
  } catch (error) {
    const said = error instanceof Error ? error.message.split("\n") : [];
    if (!mayChange || !said.every((line) => line.endsWith("No such file or directory"))) throw error;
  }
}
