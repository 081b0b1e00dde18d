import type { Cause, Claim, Finding } from "./cause.ts";
import { CAUSES } from "./causes.ts";
import { bySeverity, compareText, FROM_RANK, isAboutTheSame, RANK } from "./findings.ts";
import type { Severity } from "./rule.ts";

/**
 * From findings to ranked claims: what is proven, what is refuted, what is only a symptom of something else. Pure.
 */
export interface Made {
  readonly cause: Cause;
  readonly claim: Claim;
}

export interface Settled {
  readonly claimed: readonly Made[];
  readonly refuted: readonly (Made & { readonly by: Finding })[];
  readonly subsumed: readonly (Made & { readonly under: Made })[];
}

/** One claim for each finding of the cause's first rule about which all the other rules found something too. */
export function claimsOf(cause: Cause, findings: readonly Finding[]): Made[] {
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

/** Drops what is refuted, puts what is only a symptom of something else under that, and ranks the rest. */
export function settle(made: readonly Made[], findings: readonly Finding[]): Settled {
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

export function severityOf({ cause, claim }: Made): Severity {
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
