import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { usageError } from "./failure.ts";
import { codeOf } from "./write-file.ts";

export interface ConfigMerge {
  readonly key: "servers" | "mcpServers";
  readonly name: string;
  readonly entry: Readonly<Record<string, unknown>>;
  /** What VS Code asks its user for. */
  readonly inputs: readonly { readonly id: string }[];
}

/** Keeps what else is in the file; the former one is copied beside it first. A file that is not plain JSON is left alone. */
export async function mergeConfig(
  file: string,
  { key, name, entry, inputs }: ConfigMerge,
): Promise<{ changed: boolean; backup: string | null }> {
  const isThere = existsSync(file);
  const before = isThere ? await readConfigFile(file) : {};
  const servers = Settings.parse(before[key] ?? {});
  const kept = z.array(z.unknown()).catch([]).parse(before["inputs"]);
  const missing = inputs.filter(({ id }) => !kept.some((one) => JSON.stringify(one).includes(`"id":"${id}"`)));
  const after = { ...before, ...(missing.length > 0 && { inputs: [...kept, ...missing] }), [key]: { ...servers, [name]: entry } };
  if (JSON.stringify(after) === JSON.stringify(before)) return { changed: false, backup: null };
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const real = isThere ? await realpath(file) : file;
    const backup = isThere ? await backUp(real) : null;
    const draft = `${real}.${process.pid}.new`;
    await writeFile(draft, `${JSON.stringify(after, null, 2)}\n`, { mode: isThere ? (await stat(real)).mode & 0o777 : 0o600 });
    await rename(draft, real);
    return { changed: true, backup };
  } catch (cause) {
    throw usageError(`${file} cannot be written (${codeOf(cause)})`, "Without --write the configuration is printed instead.");
  }
}

const Settings = z.record(z.string(), z.unknown());

async function readConfigFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  const byHand = "It was left as it is. Without --write the configuration is printed, to be added by hand.";
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw usageError(`${file} cannot be read (${codeOf(cause)})`, byHand);
  });
  if (text.trim() === "") return {};
  try {
    const parsed = Settings.parse(JSON.parse(text));
    for (const key of ["servers", "mcpServers"]) Settings.optional().parse(parsed[key]);
    return parsed;
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      const hasComments = /^\s*(?:\/\/|\/\*)/mu.test(text);
      throw usageError(`${file} is not plain JSON${hasComments ? ": it has comments, which merging would lose" : ""}`, byHand);
    }
    throw usageError(`${file} is JSON, but not a configuration: expected an object with an object of servers`, byHand);
  }
}

async function backUp(file: string): Promise<string> {
  for (let number = 1; ; number++) {
    const backup = `${file}.backup-${number}`;
    if (existsSync(backup)) continue;
    await copyFile(file, backup);
    return backup;
  }
}
