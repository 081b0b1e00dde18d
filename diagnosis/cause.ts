import type { DiagnosedObject } from "./object.ts";
import type { Facts, Severity } from "./rule.ts";
import type { RuleId } from "./rules.ts";

/**
 * A root cause is what a DBA would fix. It is claimed only when every rule in `proof` found something about it, once
 * per object; what it explains stands under it in the report and is not claimed beside it.
 */
export interface Finding {
  /** `rule`, or `rule:object`: stable across runs, for muting and for before and after. */
  readonly key: string;
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly object: DiagnosedObject | null;
  readonly about: readonly DiagnosedObject[];
  readonly summary: string;
  readonly facts: Facts;
  readonly evidence: readonly string[];
}

/** A cause about to be claimed: its object and what proves it. `proof` is never empty. */
export interface Claim {
  readonly object: DiagnosedObject | null;
  /** The finding of the first rule in `proof`: it gave the object. */
  readonly lead: Finding;
  readonly proof: readonly Finding[];
  readonly explained: readonly Finding[];
}

export type RemedyArguments = Readonly<Record<string, string | number | boolean>>;

export interface RemedySpec {
  readonly tool: string;
  readonly effect: "write" | "destroy";
  /** What it does, to what, for the person who has to agree. */
  say(claim: Claim): string;
  /** Null: this remedy does not fit this claim (an idle session has no statement to cancel). */
  arguments(claim: Claim): RemedyArguments | null;
}

export interface Cause<Id extends string = string> {
  readonly id: Id;
  readonly title: string;
  /** All must be found about the same thing, or the cause is not claimed. The first gives the object. */
  readonly proof: readonly [RuleId, ...RuleId[]];
  /** Symptoms that it brings about. */
  readonly explains: readonly RuleId[];
  /** Where sharing an object is not enough: whether the numbers let this claim, by its lead, bring about that symptom. */
  explainsOnly?(symptom: Finding, lead: Finding): boolean;
  /** Any of these, found about the same thing, rules it out, and the report says so. */
  readonly refutedBy: readonly RuleId[];
  /** Other causes, by id, that people name for the same picture: where the evidence speaks against one, the report says so. */
  readonly mistakenFor?: readonly string[];
  /** Never worse than this, whatever it explains. */
  readonly atMost?: Severity;
  /** One or two sentences with object and numbers. The lead finding's summary when left out. */
  summary?(claim: Claim): string;
  /** In the order in which a DBA would try them. Each names a tool of the suite. */
  readonly remedies: readonly RemedySpec[];
  /** What a person has to do outside of the suite's tools, so that it does not come back. */
  advice?(claim: Claim): readonly string[];
}

export function defineCause<const Id extends string>(cause: Cause<Id>): Cause<Id> {
  return cause;
}
