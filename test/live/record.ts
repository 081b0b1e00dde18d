import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Snapshot } from "../../diagnosis/evidence.ts";

/**
 * Keeps what a live test has seen as test/snapshots/<cause>.json, when HELPDESK_RECORD=1 asks for it: test/snapshots.test.ts
 * then diagnoses it without a server. One evidence a line, so that a change can be read.
 */
export async function record(cause: string, snapshot: Snapshot): Promise<void> {
  if (process.env["HELPDESK_RECORD"] !== "1") return;
  const folder = path.join(import.meta.dirname, "..", "snapshots");
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${cause}.json`), snapshotText({ ...snapshot, target: "orders" }));
}

function snapshotText({ evidence, ...rest }: Snapshot): string {
  const head = Object.entries(rest).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`);
  const lines = Object.entries(evidence).map(([id, gathered]) => `    ${JSON.stringify(id)}: ${JSON.stringify(gathered)}`);
  return ["{", ...head, '  "evidence": {', lines.join(",\n"), "  }", "}", ""].join("\n");
}
