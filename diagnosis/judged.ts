import { diagnose } from "./diagnose.ts";
import type { DiagnosedCause, Diagnosis } from "./diagnosis.ts";
import type { Snapshot } from "./evidence.ts";
import { exampleSnapshot, type Overrides } from "./example.ts";
import { nameOf } from "./object.ts";
import type { Facts, Found, Outcome } from "./rule.ts";

/** For tests: what a rule, or the whole diagnosis, makes of the healthy example with these overrides, in a line each. */
interface Judge {
  apply(snapshot: Snapshot): Outcome;
}

/** "warning public.orders" for each finding; "clear"; or "undecided: no-permission". */
export function judged(rule: Judge, overrides: Overrides = {}): string | string[] {
  const outcome = rule.apply(exampleSnapshot(overrides));
  switch (outcome.kind) {
    case "found":
      return outcome.found.map(({ severity, object }) => `${severity} ${object === undefined ? "(server)" : nameOf(object)}`);
    case "clear":
      return "clear";
    case "undecided":
      return `undecided: ${outcome.missing.map(({ because }) => because).join(", ")}`;
    default:
      return outcome satisfies never;
  }
}

/** The first finding. Throws when there is none. */
export function firstFound(rule: Judge, overrides: Overrides = {}): Found & { readonly facts: Facts } {
  const outcome = rule.apply(exampleSnapshot(overrides));
  const found = outcome.kind === "found" ? outcome.found[0] : undefined;
  if (found === undefined) throw new Error(`expected a finding: ${JSON.stringify(outcome)}`);
  return found;
}

/** What being clear means. */
export function clearText(rule: Judge, overrides: Overrides = {}): string | null {
  const outcome = rule.apply(exampleSnapshot(overrides));
  if (outcome.kind !== "clear") throw new Error(`expected to be clear: ${JSON.stringify(outcome)}`);
  return outcome.says;
}

export function diagnosed(overrides: Overrides = {}): Diagnosis {
  return diagnose(exampleSnapshot(overrides));
}

/** "warning vacuum-held-back: pid 4711" for each cause, first what to fix first. */
export function causesOf({ causes }: Diagnosis): string[] {
  return causes.map(({ id, severity, object }) => `${severity} ${id}: ${object === null ? "(server)" : nameOf(object)}`);
}

/** The first cause. Throws when there is none. */
export function firstCause({ causes }: Diagnosis): DiagnosedCause {
  const [first] = causes;
  if (first === undefined) throw new Error("expected a cause");
  return first;
}
