import type { Finding } from "./cause.ts";
import { CAUSES } from "./causes.ts";
import { DIAGNOSIS_VERSION, type DiagnosedCause, type DiagnosedFinding, type DiagnosedRemedy, type Diagnosis } from "./diagnosis.ts";
import { EVIDENCE_IDS, type Snapshot } from "./evidence.ts";
import { evidenceOf, oneOfEachKey, toFinding } from "./findings.ts";
import type { Facts, Outcome, Severity } from "./rule.ts";
import { ruledOutBeside, type Verdict } from "./ruled-out.ts";
import { RULES, type RuleId } from "./rules.ts";
import { claimsOf, type Made, settle, severityOf } from "./settle.ts";

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
      outcome.kind === "found" ? outcome.found.map((found) => toFinding(rule.id, evidenceOf(rule, snapshot), found)) : [],
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

function toDiagnosedCause(made: Made, all: Verdict): DiagnosedCause {
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
