import type { DiagnosedCause, DiagnosedFinding, DiagnosedRemedy, Diagnosis } from "../diagnosis.ts";
import { EVIDENCE_IDS, type Snapshot, type UnseenReason } from "../evidence.ts";
import { plural } from "./quantity.ts";
import { type Since, sinceWhen } from "./since.ts";

/**
 * A diagnosis in the order in which a person at three in the morning reads it, the same for every kind of report: what
 * is wrong, since when, what proves it, what to do; then what it explains and what was ruled out; then what nothing
 * explains, what could not be seen and what was looked at. Pure; text is still as it came.
 */
export interface Outline {
  readonly diagnosis: Diagnosis;
  /** One sentence: "2 causes: ...". */
  readonly headline: string;
  /** Critical and warning. */
  readonly causes: readonly OutlinedCause[];
  readonly advice: readonly OutlinedCause[];
  readonly unexplained: readonly DiagnosedFinding[];
  readonly unseen: readonly UnseenGroup[];
  readonly seen: readonly string[];
  readonly notSeen: readonly string[];
}

export interface OutlinedCause {
  readonly cause: DiagnosedCause;
  readonly since: Since | null;
  readonly proof: readonly DiagnosedFinding[];
  readonly explains: readonly DiagnosedFinding[];
  /** The same act on many objects is one line with a count. Another act with the same tool is another line. */
  readonly remedies: readonly { readonly first: DiagnosedRemedy; readonly more: number }[];
}

/** What one grant, extension or setting would show. */
export interface UnseenGroup {
  readonly because: UnseenReason;
  readonly hint: string;
  readonly evidence: readonly string[];
  readonly rules: readonly string[];
}

export function outlineOf(diagnosis: Diagnosis): Outline {
  const byKey = new Map(diagnosis.findings.map((finding) => [finding.key, finding]));
  const findings = (keys: readonly string[]) =>
    keys.flatMap((key) => {
      const finding = byKey.get(key);
      return finding === undefined ? [] : [finding];
    });
  const outlined = diagnosis.causes.map((cause): OutlinedCause => {
    const proof = findings(cause.proof);
    return {
      cause,
      proof,
      since: sinceWhen(proof, diagnosis.takenAt),
      explains: findings(cause.explains),
      remedies: folded(cause.remedies),
    };
  });
  const unexplained = findings(diagnosis.unexplained);
  const causes = outlined.filter(({ cause }) => cause.severity !== "advice");
  return {
    diagnosis,
    headline: headlineOf(diagnosis, causes, unexplained),
    causes,
    advice: outlined.filter(({ cause }) => cause.severity === "advice"),
    unexplained,
    unseen: unseenGroups(diagnosis.undecided),
    seen: diagnosis.looked.flatMap(({ evidence, outcome }) => (outcome === "seen" ? [evidence] : [])),
    notSeen: diagnosis.looked.flatMap(({ evidence, outcome }) => (outcome === "unseen" ? [evidence] : [])),
  };
}

/** What a probe left out of evidence that it did see: "pg.tables: public.orders: locked". */
export function skippedParts(snapshot: Snapshot): readonly string[] {
  return EVIDENCE_IDS.flatMap((id) => {
    const gathered = snapshot.evidence[id];
    return gathered?.outcome === "seen" ? (gathered.skipped ?? []).map((part) => `${id}: ${part}`) : [];
  });
}

function headlineOf({ verdict, undecided }: Diagnosis, causes: readonly OutlinedCause[], unexplained: readonly DiagnosedFinding[]): string {
  switch (verdict) {
    case "healthy":
      return "Nothing is wrong with what was looked at.";
    case "undecided":
      return `Nothing was found, but ${plural(undecided.length, "check")} could not be made: this is not an all-clear.`;
    case "problems": {
      const symptoms = unexplained.filter(({ severity }) => severity !== "advice").length;
      if (causes.length === 0) return `${plural(symptoms, "symptom")} found, and no cause that explains ${symptoms === 1 ? "it" : "them"}.`;
      return `${plural(causes.length, "cause")} found${symptoms === 0 ? "." : `, and ${plural(symptoms, "symptom")} that ${causes.length === 1 ? "it does" : "they do"} not explain.`}`;
    }
    default:
      return verdict satisfies never;
  }
}

function folded(remedies: readonly DiagnosedRemedy[]): OutlinedCause["remedies"] {
  const groups = Map.groupBy(remedies, ({ tool, say }) => `${tool} ${say.replaceAll(/\d+/gu, "#")}`);
  return [...groups.values()].flatMap(([first, ...others]) => (first === undefined ? [] : [{ first, more: others.length }]));
}

function unseenGroups(undecided: Diagnosis["undecided"]): UnseenGroup[] {
  const groups = new Map<string, { because: UnseenReason; hint: string; evidence: Set<string>; rules: Set<string> }>();
  for (const { rule, missing } of undecided) {
    for (const { evidence, because, hint } of missing) {
      const key = `${because} ${hint}`;
      const group = groups.get(key) ?? { because, hint, evidence: new Set(), rules: new Set() };
      groups.set(key, group);
      group.evidence.add(evidence);
      group.rules.add(rule);
    }
  }
  return [...groups.values()]
    .map(({ because, hint, evidence, rules }) => ({ because, hint, evidence: [...evidence], rules: [...rules] }))
    .toSorted((a, b) => b.rules.length - a.rules.length);
}
