import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** Compares with test/golden/<name>. `UPDATE_GOLDEN=1 npm test` rewrites it: read the difference before it is committed. */
export async function assertGolden(name: string, actual: string): Promise<void> {
  const file = path.join(import.meta.dirname, "golden", name);
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, actual);
  assert.equal(actual, await readFile(file, "utf8"), `${name} differs from what was agreed on; UPDATE_GOLDEN=1 rewrites it`);
}
