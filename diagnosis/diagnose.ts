import type { Cause, Claim, Finding } from "./cause.ts";
import { CAUSES } from "./causes.ts";
import { DIAGNOSIS_VERSION, type DiagnosedCause, type DiagnosedFinding, type DiagnosedRemedy, type Diagnosis } from "./diagnosis.ts";
import { EVIDENCE_IDS, type Snapshot } from "./evidence.ts";
import { type DiagnosedObject, isSameObject, nameOf } from "./object.ts";
import type { Facts, Found, Outcome, Severity } from "./rule.ts";
import { RULES, type RuleId } from "./rules.ts";

/**
 * Snapshot in, diagnosis out: pure, and the same for the same snapshot in whatever order its evidence came.
 *
 * Every rule judges; findings become claims where all of a cause's proof was found about one object; a claim whose
 * whole proof is a mere symptom of a graver claim stands under that one; what remains is ranked by how severe the
 * symptoms are that it explains, and how many.
 */
export function diagnose(snapshot: Snapshot): Diagnosis {
  const outcomes = RULES.map((rule) => ({ rule, outcome: rule.apply(snapshot) }));
  const findings = oneOfEachKey(
    outcomes.flatMap(({ rule, outcome }) =>
      outcome.kind === "found" ? outcome.found.map((found) => toFinding(rule.id, rule.needs, found)) : [],
    ),
  );
  const outcomeOf = new Map<RuleId, Outcome>(outcomes.map(({ rule, outcome }) => [rule.id, outcome]));

  const { claimed, refuted, subsumed } = settle(
    CAUSES.flatMap((cause) => claimsOf(cause, findings)),
    findings,
  );
  const causes = claimed.map((made) => toDiagnosedCause(made, { claimed, refuted, subsumed, outcomeOf }));

  const accounted = new Set(claimed.flatMap(({ claim }) => [...claim.proof, ...claim.explained].map(({ key }) => key)));

  const undecided = outcomes.flatMap(({ rule, outcome }) =>
    outcome.kind === "undecided" ? [{ rule: rule.id, gravest: rule.gravest, missing: outcome.missing.map((one) => ({ ...one })) }] : [],
  );
  const isTrouble = ({ severity }: { severity: Severity }) => severity !== "advice";
  const blind = undecided.some(({ gravest }) => gravest === "critical");

  return {
    schemaVersion: DIAGNOSIS_VERSION,
    target: snapshot.target,
    takenAt: snapshot.takenAt,
    durationMs: snapshot.durationMs,
    verdict: causes.some(isTrouble) || findings.some(isTrouble) ? "problems" : blind ? "undecided" : "healthy",
    causes,
    findings: findings.map(({ about: _about, ...finding }) => ({
      ...finding,
      facts: plainFacts(finding.facts),
      evidence: [...finding.evidence],
    })),
    unexplained: findings.flatMap(({ key }) => (accounted.has(key) ? [] : [key])),
    undecided: undecided.map(({ rule, missing }) => ({ rule, missing })),
    looked: EVIDENCE_IDS.flatMap((evidence) => {
      const gathered = snapshot.evidence[evidence];
      return gathered === undefined ? [] : [{ evidence, outcome: gathered.outcome, durationMs: gathered.durationMs }];
    }),
  };
}

interface Made {
  readonly cause: Cause;
  readonly claim: Claim;
}

interface Settled {
  readonly claimed: readonly Made[];
  readonly refuted: readonly (Made & { readonly by: Finding })[];
  readonly subsumed: readonly (Made & { readonly under: Made })[];
}

function toFinding(rule: RuleId, evidence: readonly string[], found: Found): Finding {
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

/** In the report's order, whatever the order of the evidence: the gravest where a rule names one object twice. */
function oneOfEachKey(findings: readonly Finding[]): readonly Finding[] {
  const byKey = new Map<string, Finding>();
  for (const finding of findings.toSorted(bySeverity)) if (!byKey.has(finding.key)) byKey.set(finding.key, finding);
  return [...byKey.values()];
}

/** One claim for each finding of the cause's first rule about which all the other rules found something too. */
function claimsOf(cause: Cause, findings: readonly Finding[]): Made[] {
  const [first, ...others] = cause.proof;
  return findings.flatMap((lead) => {
    if (lead.rule !== first) return [];
    const proof = [lead];
    for (const rule of others) {
      const matching = findings.filter((finding) => finding.rule === rule && isAboutTheSame(lead, finding));
      if (matching.length === 0) return [];
      proof.push(...matching);
    }
    const explained = findings.filter(
      (finding) =>
        cause.explains.includes(finding.rule) &&
        !proof.includes(finding) &&
        proof.some((one) => isAboutTheSame(one, finding)) &&
        cause.explainsOnly?.(finding, lead) !== false,
    );
    return [{ cause, claim: { object: lead.object, lead, proof, explained } }];
  });
}

/**
 * Two findings belong together unless they name different objects of the same kind and share none of that kind. Whoever
 * acts is one kind here: a slot that holds vacuum back is no symptom of some session that is idle in a transaction.
 */
function isAboutTheSame(a: Finding, b: Finding): boolean {
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

/** Drops what is refuted, puts what is only a symptom of something else under that, and ranks the rest. */
function settle(made: readonly Made[], findings: readonly Finding[]): Settled {
  const refuted: (Made & { by: Finding })[] = [];
  const open: Made[] = [];
  for (const one of made) {
    const by = findings.find(
      ({ rule, ...rest }) => one.cause.refutedBy.includes(rule) && isAboutTheSame(one.claim.lead, { rule, ...rest }),
    );
    if (by === undefined) open.push(one);
    else refuted.push({ ...one, by });
  }

  const claimed: Made[] = [];
  const subsumed: (Made & { under: Made })[] = [];
  let rest = open.toSorted(byWeight);
  while (rest.length > 0) {
    // Nothing covers it; where all that is left covers each other in a ring, the weightiest stands for the ring.
    const top = rest.find((one) => !rest.some((other) => other !== one && covers(other, one))) ?? rest[0];
    if (top === undefined) break;
    const below = coveredBy(top, rest);
    const whole = { cause: top.cause, claim: withSymptomsOf(top.claim, below) };
    claimed.push(whole);
    for (const one of below) subsumed.push({ ...one, under: whole });
    rest = rest.filter((one) => one !== top && !below.includes(one));
  }
  return { claimed: claimed.toSorted(byWeight), refuted, subsumed };
}

/** Directly, or as the symptom of a symptom. */
function coveredBy(top: Made, all: readonly Made[]): readonly Made[] {
  const below: Made[] = [];
  const queue = [top];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    for (const other of all) {
      if (other === top || below.includes(other) || !covers(one, other)) continue;
      below.push(other);
      queue.push(other);
    }
  }
  return below;
}

/** What the claims under it are proven by and explain is its doing, too. */
function withSymptomsOf(claim: Claim, below: readonly Made[]): Claim {
  const symptoms = new Set([...claim.explained, ...below.flatMap((one) => [...one.claim.proof, ...one.claim.explained])]);
  for (const proof of claim.proof) symptoms.delete(proof);
  return { ...claim, explained: [...symptoms].toSorted(bySeverity) };
}

/** `other`'s whole proof is among what `one` explains: it is a symptom, not a cause of its own. */
function covers(one: Made, other: Made): boolean {
  return other.claim.proof.every((finding) => one.claim.explained.includes(finding));
}

const RANK: Readonly<Record<Severity, number>> = { critical: 2, warning: 1, advice: 0 };
const FROM_RANK: readonly Severity[] = ["advice", "warning", "critical"];

function severityOf({ cause, claim }: Made): Severity {
  const worst = Math.max(...[...claim.proof, ...claim.explained].map(({ severity }) => RANK[severity]));
  return FROM_RANK[Math.min(worst, RANK[cause.atMost ?? "critical"])] ?? "advice";
}

/** Worst first; then what explains more of the worst; then the order of the list of causes; then the object's name. */
function byWeight(a: Made, b: Made): number {
  const weigh = ({ claim }: Made, severity: Severity) =>
    [...claim.proof, ...claim.explained].filter((finding) => finding.severity === severity).length;
  return (
    RANK[severityOf(b)] - RANK[severityOf(a)] ||
    weigh(b, "critical") - weigh(a, "critical") ||
    weigh(b, "warning") - weigh(a, "warning") ||
    placeOf(a.cause) - placeOf(b.cause) ||
    compareText(a.claim.lead.key, b.claim.lead.key)
  );
}

function placeOf(cause: Cause): number {
  return CAUSES.findIndex(({ id }) => id === cause.id);
}

function bySeverity(a: Finding, b: Finding): number {
  return RANK[b.severity] - RANK[a.severity] || compareText(a.key, b.key);
}

/** By code unit, so that the order does not depend on the machine's locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** JSON knows no NaN: what came of a time that is none is unknown. */
function plainFacts(facts: Facts): DiagnosedFinding["facts"] {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [
      name,
      isList(fact) ? [...fact] : typeof fact === "number" && !Number.isFinite(fact) ? null : fact,
    ]),
  );
}

function isList(fact: Finding["facts"][string]): fact is readonly (string | number)[] {
  return Array.isArray(fact);
}

function toDiagnosedCause(made: Made, all: Settled & { readonly outcomeOf: ReadonlyMap<RuleId, Outcome> }): DiagnosedCause {
  const { cause, claim } = made;
  return {
    id: cause.id,
    title: cause.title,
    severity: severityOf(made),
    object: claim.object,
    summary: cause.summary?.(claim) ?? claim.lead.summary,
    proof: claim.proof.map(({ key }) => key),
    explains: claim.explained.map(({ key }) => key),
    ruledOut: ruledOutBeside(made, all),
    remedies: cause.remedies.flatMap((remedy): DiagnosedRemedy[] => {
      const given = remedy.arguments(claim);
      return given === null ? [] : [{ tool: remedy.tool, arguments: { ...given }, effect: remedy.effect, say: remedy.say(claim) }];
    }),
    advice: [...(cause.advice?.(claim) ?? [])],
  };
}

/** Causes that could have brought about the same symptoms, or are taken for this one, and what speaks against each. */
function ruledOutBeside(
  made: Made,
  { claimed, refuted, subsumed, outcomeOf }: Parameters<typeof toDiagnosedCause>[1],
): { id: string; because: string }[] {
  const symptoms = new Set<RuleId>([...made.claim.proof, ...made.claim.explained].map(({ rule }) => rule));
  return CAUSES.flatMap((other: Cause) => {
    if (other.id === made.cause.id || claimed.some(({ cause }) => cause.id === other.id)) return [];
    const under = subsumed.find((one) => one.cause.id === other.id && one.under.claim === made.claim);
    if (under !== undefined) return [{ id: other.id, because: `it is part of this: ${under.claim.lead.summary}` }];
    const isTempting = made.cause.mistakenFor?.includes(other.id) === true;
    if (!isTempting && !other.explains.some((rule) => symptoms.has(rule))) return [];

    const against = refuted.find((one) => one.cause.id === other.id);
    if (against !== undefined) return [{ id: other.id, because: against.by.summary }];
    for (const rule of other.proof) {
      const outcome = outcomeOf.get(rule);
      if (outcome?.kind === "clear" && outcome.says !== null) return [{ id: other.id, because: outcome.says }];
    }
    return [];
  });
}
