import { type Anchor, readAudit, type ShownRecord, verifyAudit } from "../../kernel/audit-trail.ts";
import type { Config } from "../../kernel/config.ts";
import { strip } from "../../kernel/untrusted.ts";
import { auditFolder } from "../workspace.ts";
import { usageError } from "./failure.ts";
import { paintFor } from "./terminal.ts";

/** `helpdesk audit verify` and `helpdesk audit show`. Both only read. */
export async function auditVerifyCommand(
  { anchor, isJson }: { readonly anchor: string | undefined; readonly isJson: boolean },
  config: Config,
): Promise<number> {
  const verdict = await verifyAudit(auditFolder(config), anchor === undefined ? undefined : parseAnchor(anchor));
  const status = verdict.isWhole ? 0 : 1;
  if (isJson) {
    process.stdout.write(`${JSON.stringify(verdict, null, 2)}\n`);
    return status;
  }
  const paint = paintFor(process.stdout);
  const { chains, index } = verdict;
  const records = chains.reduce((sum, chain) => sum + chain.records, 0);
  const lines = [
    verdict.isWhole
      ? `${paint("healthy", "WHOLE")}  ${records} records in ${chains.length} chains, in ${auditFolder(config)}`
      : `${paint("critical", "BROKEN")}  the audit trail in ${auditFolder(config)}`,
    ...(index.broken === null ? [] : [`  the index, entry ${index.broken.record}: ${index.broken.because}`]),
    ...chains.flatMap(({ chain, broken }) => (broken === null ? [] : [`  ${chain}, record ${broken.record}: ${broken.because}`])),
    ...(index.head === null || !verdict.isWhole ? [] : [`  keep elsewhere: --anchor ${index.entries}:${index.head}`]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return status;
}

function parseAnchor(text: string): Anchor {
  const parts = /^(\d+):([0-9a-f]{64})$/u.exec(text);
  if (parts === null) throw usageError("--anchor is not one", "Give what `helpdesk audit verify` printed: entries:head.");
  return { entries: Number(parts[1]), head: parts[2] ?? "" };
}

export interface ShowArguments {
  readonly limit: number;
  readonly since: Date | undefined;
  readonly isJson: boolean;
}

export async function auditShowCommand({ limit, since, isJson }: ShowArguments, config: Config): Promise<number> {
  const records = await readAudit(auditFolder(config), { limit, ...(since !== undefined && { since }) });
  if (isJson) {
    for (const record of records) process.stdout.write(`${JSON.stringify(record)}\n`);
    return 0;
  }
  if (records.length === 0) process.stdout.write("No records.\n");
  for (const record of records) process.stdout.write(`${strip(lineOf(record))}\n`);
  return 0;
}

function lineOf(record: ShownRecord): string {
  const said = (name: string) => (record[name] === undefined || record[name] === null ? "" : String(record[name]));
  return `${record.at.slice(0, 19)}Z  ${(record.call ?? "").padEnd(12)}  ${record.kind.padEnd(8)}  ${detailOf(record, said)}`.trimEnd();
}

function detailOf(record: ShownRecord, said: (name: string) => string): string {
  switch (record.kind) {
    case "begin":
      return `${said("operator")}, process ${said("pid")}`;
    case "call":
      return `${said("tool")} on ${said("target") || "the only target"} by ${said("caller")} (${said("door")})`;
    case "decision":
      return `${said("decision")}: ${said("because")}`;
    case "approval":
      return `${said("answer")} by ${said("by")} (${said("approval")})`;
    case "act":
      return `approved by ${said("approvedBy")}`;
    case "outcome":
      return `${said("outcome")} after ${said("durationMs")} ms${said("because") === "" ? "" : `: ${said("because")}`}`;
    default:
      return "";
  }
}
