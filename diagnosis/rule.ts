import type { Evidence, EvidenceId, Snapshot, UnseenReason } from "./evidence.ts";
import type { DiagnosedObject } from "./object.ts";

/**
 * A rule judges and touches nothing. It is given the evidence that it declared, all of it seen, and says what it
 * found. An empty list means clear. When evidence is there but does not suffice (states of other roles are hidden, a
 * counter was just reset) it returns `undecided`: "could not look" is never "healthy".
 */
export type Severity = "critical" | "warning" | "advice";

/** Plain values that prove the finding. Units stand in the names. */
export type Facts = Readonly<Record<string, string | number | boolean | null | readonly (string | number)[]>>;

/** What a rule returns; the engine adds rule, key and evidence. */
export interface Found {
  readonly severity: Severity;
  /** What it is about. Findings of one rule about different objects are different findings. Absent: the whole server. */
  readonly object?: DiagnosedObject;
  /**
   * Other things that take part: the session's client, the waiting DDL. They decide what belongs to one incident: a
   * cause explains a finding only where the two do not name different objects of the same kind.
   */
  readonly about?: readonly DiagnosedObject[];
  /** One sentence with the numbers and their units. Names from the target are quoted as data. */
  readonly summary: string;
  readonly facts: Facts;
}

export interface Undecided {
  readonly because: UnseenReason;
  /** What would make it decidable. */
  readonly hint: string;
}

export type Judgement = readonly Found[] | Undecided;

export function isUndecided(judgement: Judgement): judgement is Undecided {
  return "because" in judgement;
}

/** What a rule may know of the looking itself. */
export interface Circumstances {
  /** ISO 8601, UTC: rules have no clock. */
  readonly takenAt: string;
}

interface RuleText<Id extends string> {
  readonly id: Id;
  readonly title: string;
  /** Why this matters, for the docs and the report. */
  readonly why: string;
  /** The worst that it can find. A rule that could have found something critical and could not look leaves the verdict undecided. */
  readonly gravest: Severity;
}

interface RuleSpec<Id extends string, Need extends EvidenceId, Want extends EvidenceId> extends RuleText<Id> {
  /** Without all of these, undecided. */
  readonly needs: readonly Need[];
  /** Used when it was seen. */
  readonly wants?: readonly Want[];
  judge(seen: Pick<Evidence, Need> & Partial<Pick<Evidence, Want>>, at: Circumstances): Judgement;
  /** What being clear means, with numbers: it becomes the reason why a cause was ruled out. */
  clear?(seen: Pick<Evidence, Need> & Partial<Pick<Evidence, Want>>, at: Circumstances): string;
}

export interface MissingEvidence {
  readonly evidence: EvidenceId;
  readonly because: UnseenReason;
  readonly hint: string;
}

export type Outcome =
  | { readonly kind: "found"; readonly found: readonly Found[] }
  | { readonly kind: "clear"; readonly says: string | null }
  | { readonly kind: "undecided"; readonly missing: readonly MissingEvidence[] };

export interface Rule<Id extends string = string, Need extends EvidenceId = EvidenceId, Want extends EvidenceId = EvidenceId>
  extends RuleSpec<Id, Need, Want> {
  /** Judges a whole snapshot: found, clear or undecided. */
  apply(snapshot: Snapshot): Outcome;
}

/** `judge` sees exactly `needs` (and, where seen, `wants`): reading undeclared evidence does not compile. */
export function defineRule<const Id extends string, const Need extends EvidenceId, const Want extends EvidenceId = never>(
  spec: RuleSpec<Id, Need, Want>,
): Rule<Id, Need, Want> {
  return { ...spec, apply: (snapshot) => apply(spec, snapshot) };
}

function apply<Id extends string, Need extends EvidenceId, Want extends EvidenceId>(
  spec: RuleSpec<Id, Need, Want>,
  snapshot: Snapshot,
): Outcome {
  const missing: MissingEvidence[] = [];
  for (const id of spec.needs) {
    const gathered = snapshot.evidence[id];
    if (gathered === undefined) missing.push({ evidence: id, because: "not-asked", hint: "" });
    else if (gathered.outcome === "unseen") missing.push({ evidence: id, because: gathered.because, hint: gathered.hint });
  }
  if (missing.some(({ because }) => because === "not-applicable")) return { kind: "clear", says: null };

  const seen = valuesOf(snapshot, [...spec.needs, ...(spec.wants ?? [])]);
  if (missing.length > 0 || !hasAll(seen, spec.needs)) return { kind: "undecided", missing };

  const at = { takenAt: snapshot.takenAt };
  const judgement = spec.judge(seen, at);
  if (isUndecided(judgement)) {
    return { kind: "undecided", missing: spec.needs.slice(0, 1).map((evidence) => ({ evidence, ...judgement })) };
  }
  if (judgement.length > 0) return { kind: "found", found: judgement };
  return { kind: "clear", says: spec.clear?.(seen, at) ?? null };
}

function valuesOf(snapshot: Snapshot, ids: readonly EvidenceId[]): Partial<Evidence> {
  const entries = ids.flatMap((id) => {
    const gathered = snapshot.evidence[id];
    return gathered?.outcome === "seen" ? [[id, gathered.value] as const] : [];
  });
  return Object.fromEntries(entries);
}

function hasAll<Need extends EvidenceId>(
  seen: Partial<Evidence>,
  needs: readonly Need[],
): seen is Partial<Evidence> & Pick<Evidence, Need> {
  return needs.every((id) => seen[id] !== undefined);
}
