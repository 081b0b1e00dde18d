import { nameOf } from "../../diagnosis/object.ts";
import type { Seen } from "./diagnose-live.ts";

/** "warning vacuum-held-back: pid 4711" for each cause, first what to fix first; with the severities that were asked for. */
export function claims({ diagnosis }: Seen, severities: readonly string[] = ["critical", "warning"]): string[] {
  return diagnosis.causes
    .filter(({ severity }) => severities.includes(severity))
    .map(({ id, severity, object }) => `${severity} ${id}: ${object === null ? "(server)" : nameOf(object)}`);
}

/** For whoever reads a failure: what was found, and why. */
export function story({ diagnosis }: Seen): string {
  const found = diagnosis.findings.map(({ severity, key, summary }) => `${severity} ${key}: ${summary}`);
  const undecided = diagnosis.undecided.map(
    ({ rule, missing }) => `undecided ${rule}: ${missing.map(({ evidence }) => evidence).join(", ")}`,
  );
  return [diagnosis.verdict, ...found, ...undecided].join("\n");
}
