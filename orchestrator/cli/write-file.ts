import { writeFile } from "node:fs/promises";
import { usageError } from "./failure.ts";

/** Writes what was asked for, or says in one line why it cannot be. */
export async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw usageError(`${file} cannot be written (${codeOf(cause)})`, "Name a file in a folder that exists and that you may write to.");
  }
}

export function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
}
