import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { DIAGNOSIS_VERSION, Diagnosis } from "../diagnosis/diagnosis.ts";
import { SNAPSHOT_VERSION, SnapshotSchema } from "../diagnosis/evidence.ts";
import { InventorySchema } from "../kernel/inventory-schema.ts";
import { PolicySchema } from "../kernel/policy-schema.ts";

/**
 * The JSON Schemas of the public JSON, from the zod schemas that the code runs on. Writes schemas/*.json when it is
 * run; a test compares what is there.
 */
export function publicSchemas(): ReadonlyMap<string, string> {
  return new Map([
    [
      "diagnosis.schema.json",
      schemaText(Diagnosis, `Diagnosis, version ${DIAGNOSIS_VERSION}: helpdesk diagnose --json, and pg_diagnose's structuredContent`),
    ],
    [
      "snapshot.schema.json",
      schemaText(SnapshotSchema, `Evidence snapshot, version ${SNAPSHOT_VERSION}: pg_collect_evidence's structuredContent`),
    ],
    ["inventory.schema.json", schemaText(InventorySchema, "helpdesk.yaml: what tools may act upon, and how each is reached")],
    ["policy.schema.json", schemaText(PolicySchema, "policy.yaml: what may be done, by whom, to what")],
  ]);
}

/** For readers of what we write: a later version may add keys, so none is forbidden. */
function schemaText(schema: z.ZodType, title: string): string {
  const { $schema, ...generated } = z.toJSONSchema(schema, { target: "draft-2020-12", io: "input", reused: "ref" });
  return `${JSON.stringify({ $schema, title, ...generated }, null, 2)}\n`;
}

export const SCHEMA_FOLDER = path.join(import.meta.dirname, "..", "schemas");

export async function staleSchemas(): Promise<string[]> {
  const stale: string[] = [];
  for (const [name, text] of publicSchemas()) {
    const written = await readFile(path.join(SCHEMA_FOLDER, name), "utf8").catch(() => "");
    if (written !== text) stale.push(name);
  }
  return stale;
}

export async function writeSchemas(): Promise<void> {
  for (const [name, text] of publicSchemas()) await writeFile(path.join(SCHEMA_FOLDER, name), text);
}

if (import.meta.main) await writeSchemas();
