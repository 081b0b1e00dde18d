import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { writeSchemas } from "./generate-schemas.ts";
import { generatedFiles } from "./generated.ts";

/** Writes what is generated: `npm run generate`. */
const root = path.resolve(import.meta.dirname, "..");
for (const [file, text] of generatedFiles(readFileSync(path.join(root, "README.md"), "utf8"))) {
  writeFileSync(path.join(root, file), text);
}
await writeSchemas();
