import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { it } from "node:test";
import { generatedFiles } from "./generated.ts";

it("generated pages say what the lists say now: npm run generate", () => {
  const root = path.resolve(import.meta.dirname, "..");
  const read = (file: string) => readFileSync(path.join(root, file), "utf8");
  for (const [file, expected] of generatedFiles(read("README.md"))) assert.equal(read(file), expected, `${file} is not current`);
});
