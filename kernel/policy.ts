import type { Policy, PolicyRule } from "./policy-schema.ts";
import type { Effect, Target } from "./tool.ts";

export type { Policy, PolicyRule } from "./policy-schema.ts";

export interface PolicyQuestion {
  readonly effect: Effect;
  readonly tool: string;
  readonly target: Target;
  readonly caller: string;
}

export interface Verdict {
  readonly decision: "allow" | "ask" | "deny";
  /** One sentence for a person. */
  readonly because: string;
  /** The name of the rule that decided, or "default". */
  readonly rule: string;
}

/** Without a policy file: look at everything, change nothing. */
export const READ_ONLY_POLICY: Policy = { version: 1, rules: [] };

/** For a place of our own making, such as the demo's sandbox: everything may be done once a person has agreed. */
export const ASK_FOR_EVERYTHING: Policy = {
  version: 1,
  rules: [{ name: "ask for every change", effects: ["write", "destroy"], decision: "ask", unattended: false }],
};

/**
 * What may be done, by whom, to what: pure, and the last word in every door. A model never has a say in it.
 *
 * Rules are read from the top and the first that matches decides. Where none does, reads are allowed and everything
 * else is denied. `destroy` is asked for even where a rule allows it, unless that rule says `unattended: true`.
 */
export function decide(policy: Policy, question: PolicyQuestion): Verdict {
  const rule = policy.rules.find((one) => isAbout(one, question));
  if (rule === undefined) return byDefault(question.effect);
  const because = rule.because ?? `the policy's rule "${rule.name}" says ${rule.decision}`;
  if (rule.decision === "ask" && question.effect === "read") {
    return { decision: "deny", because: `${because}, and a read has no plan to ask about`, rule: rule.name };
  }
  if (rule.decision === "allow" && question.effect === "destroy" && !rule.unattended) {
    return { decision: "ask", because: `${because}, and what destroys is asked for unless the rule says unattended`, rule: rule.name };
  }
  return { decision: rule.decision, because, rule: rule.name };
}

/** What may be listed: an effect that no target allows, not even after asking, is not shown. */
export function isExposed(
  policy: Policy,
  tool: { readonly name: string; readonly effect: Effect },
  targets: readonly Target[],
  caller: string,
): boolean {
  if (tool.effect === "read") return true;
  return targets.some((target) => decide(policy, { effect: tool.effect, tool: tool.name, target, caller }).decision !== "deny");
}

/** The effects that some tool may have on some of these targets. */
export function effectsAllowedSomewhere(
  policy: Policy,
  tools: readonly { readonly name: string; readonly effect: Effect }[],
  targets: readonly Target[],
  caller: string,
): ReadonlySet<Effect> {
  return new Set(tools.flatMap((tool) => (isExposed(policy, tool, targets, caller) ? [tool.effect] : [])));
}

export async function loadPolicy(file: string): Promise<Policy> {
  const [{ PolicySchema }, { loadYamlFile }] = await Promise.all([import("./policy-schema.ts"), import("./yaml-file.ts")]);
  return loadYamlFile(
    file,
    PolicySchema,
    "A policy is `version: 1` and a list of `rules`, each with name, effects and decision; see docs/architecture.md.",
  );
}

function byDefault(effect: Effect): Verdict {
  return effect === "read"
    ? { decision: "allow", because: "reading is allowed unless a rule denies it", rule: "default" }
    : { decision: "deny", because: `no rule of the policy allows ${effect} here`, rule: "default" };
}

function isAbout(rule: PolicyRule, { effect, tool, target, caller }: PolicyQuestion): boolean {
  return (
    rule.effects.includes(effect) &&
    isOneOf(rule.tools, tool) &&
    isOneOf(rule.targets, target.name) &&
    (rule.environments === undefined || rule.environments.includes(target.environment)) &&
    isOneOf(rule.callers, caller)
  );
}

function isOneOf(patterns: readonly string[] | undefined, name: string): boolean {
  return patterns === undefined || patterns.some((pattern) => isMatch(pattern, name));
}

/** `*` only, and never through a regular expression: a pattern cannot be slow, and a dot in it is a dot. */
function isMatch(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
