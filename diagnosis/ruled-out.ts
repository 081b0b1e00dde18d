import type { Cause } from "./cause.ts";
import { CAUSES } from "./causes.ts";
import type { Outcome } from "./rule.ts";
import type { RuleId } from "./rules.ts";
import type { Made, Settled } from "./settle.ts";

/** All that is known when a cause is written down. */
export interface Verdict extends Settled {
  readonly outcomeOf: ReadonlyMap<RuleId, Outcome>;
}

/**
 * Causes that could have brought about the same symptoms, or are taken for this one, and what speaks against each. The
 * most tempting first: what is part of this, what people take this for, then what would explain most of the symptoms.
 */
export function ruledOutBeside(made: Made, all: Verdict): { id: string; because: string }[] {
  const symptoms = new Set<RuleId>([...made.claim.proof, ...made.claim.explained].map(({ rule }) => rule));
  return CAUSES.flatMap((other: Cause) => {
    if (other.id === made.cause.id || all.claimed.some(({ cause }) => cause.id === other.id)) return [];
    const under = all.subsumed.find((one) => one.cause.id === other.id && one.under.claim === made.claim);
    if (under !== undefined)
      return [{ id: other.id, because: `it is part of this: ${under.claim.lead.key}`, temptation: Number.POSITIVE_INFINITY }];
    const isMistaken = made.cause.mistakenFor?.includes(other.id) === true;
    const temptation = (isMistaken ? symptoms.size : 0) + other.explains.filter((rule) => symptoms.has(rule)).length;
    const because = temptation === 0 ? null : whatSpeaksAgainst(other, all);
    return because === null ? [] : [{ id: other.id, because, temptation }];
  })
    .toSorted((a, b) => (a.temptation === b.temptation ? 0 : b.temptation - a.temptation))
    .map(({ id, because }) => ({ id, because }));
}

function whatSpeaksAgainst(cause: Cause, { refuted, outcomeOf }: Verdict): string | null {
  const against = refuted.find((one) => one.cause.id === cause.id);
  if (against !== undefined) return against.by.summary;
  for (const rule of cause.proof) {
    const outcome = outcomeOf.get(rule);
    if (outcome?.kind === "clear" && outcome.says !== null) return outcome.says;
  }
  return null;
}
