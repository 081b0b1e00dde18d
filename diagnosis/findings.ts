import type { Finding } from "./cause.ts";
import type { EvidenceId, Snapshot } from "./evidence.ts";
import { type DiagnosedObject, isSameObject, nameOf } from "./object.ts";
import type { Found, Severity } from "./rule.ts";
import type { RuleId } from "./rules.ts";

/** What rules found, as the engine handles it: with keys, in order, and which two belong to one incident. Pure. */
export function toFinding(rule: RuleId, evidence: readonly string[], found: Found): Finding {
  return {
    key: found.object === undefined ? rule : `${rule}:${nameOf(found.object)}`,
    rule,
    severity: found.severity,
    object: found.object ?? null,
    about: found.about ?? [],
    summary: found.summary,
    facts: found.facts,
    evidence,
  };
}

interface Uses {
  readonly needs: readonly EvidenceId[];
  readonly wants?: readonly EvidenceId[];
}

/** What it needed, and what it merely wanted, where that was seen. */
export function evidenceOf({ needs, wants = [] }: Uses, { evidence }: Snapshot): readonly string[] {
  return [...needs, ...wants.filter((id) => evidence[id]?.outcome === "seen")];
}

/** In the report's order, whatever the order of the evidence: the gravest where a rule names one object twice. */
export function oneOfEachKey(findings: readonly Finding[]): readonly Finding[] {
  const byKey = new Map<string, Finding>();
  for (const finding of findings.toSorted(bySeverity)) if (!byKey.has(finding.key)) byKey.set(finding.key, finding);
  return [...byKey.values()];
}

/**
 * Two findings belong together unless they name different objects of the same kind and share none of that kind. Whoever
 * acts is one kind here: a slot that holds vacuum back is no symptom of some session that is idle in a transaction.
 */
export function isAboutTheSame(a: Finding, b: Finding): boolean {
  const ofA = objectsOf(a);
  const ofB = objectsOf(b);
  const actorsOfB = ofB.filter(isActor);
  const sharesActor = ofA.some((one) => isActor(one) && actorsOfB.some((other) => isSameObject(one, other)));
  if (ofA.some(isActor) && actorsOfB.length > 0 && !sharesActor) return false;
  const kinds = new Set(ofA.map(({ kind }) => kind));
  return [...kinds].every((kind) => {
    const mine = ofA.filter((object) => object.kind === kind);
    const theirs = ofB.filter((object) => object.kind === kind);
    return theirs.length === 0 || mine.some((one) => theirs.some((other) => isSameObject(one, other)));
  });
}

const ACTORS: ReadonlySet<DiagnosedObject["kind"]> = new Set([
  "session",
  "client",
  "prepared-transaction",
  "slot",
  "standby",
  "subscription",
]);

function isActor({ kind }: DiagnosedObject): boolean {
  return ACTORS.has(kind);
}

function objectsOf(finding: Finding): readonly DiagnosedObject[] {
  return finding.object === null ? finding.about : [finding.object, ...finding.about];
}

export const RANK: Readonly<Record<Severity, number>> = { critical: 2, warning: 1, advice: 0 };
export const FROM_RANK: readonly Severity[] = ["advice", "warning", "critical"];

export function bySeverity(a: Finding, b: Finding): number {
  return RANK[b.severity] - RANK[a.severity] || compareText(a.key, b.key);
}

/** By code unit, so that the order does not depend on the machine's locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
