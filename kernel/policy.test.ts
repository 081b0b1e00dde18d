import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ASK_FOR_EVERYTHING, decide, effectsAllowedSomewhere, isExposed, loadPolicy, type Policy, READ_ONLY_POLICY } from "./policy.ts";
import { PolicySchema } from "./policy-schema.ts";
import type { Effect, Target } from "./tool.ts";

const production: Target = { name: "orders", environment: "production" };
const staging: Target = { name: "orders-eu", environment: "staging" };

const policyOf = (...rules: readonly object[]) =>
  PolicySchema.parse({ version: 1, rules: rules.map((rule, at) => ({ name: `rule ${at}`, ...rule })) });
const ask = (policy: ReturnType<typeof policyOf>, effect: Effect, more: { tool?: string; target?: Target; caller?: string } = {}) =>
  decide(policy, { effect, tool: more.tool ?? "pg_cancel_query", target: more.target ?? production, caller: more.caller ?? "anna" });

describe("a policy", () => {
  it("without rules lets everything be read and nothing be changed", () => {
    assert.equal(ask(READ_ONLY_POLICY, "read").decision, "allow");
    for (const effect of ["write", "destroy"] as const) {
      assert.deepEqual(ask(READ_ONLY_POLICY, effect), {
        decision: "deny",
        because: `no rule of the policy allows ${effect} here`,
        rule: "default",
      });
    }
  });

  it("that asks for everything asks for every change", () => {
    assert.equal(ask(ASK_FOR_EVERYTHING, "read").decision, "allow");
    assert.equal(ask(ASK_FOR_EVERYTHING, "write").decision, "ask");
    assert.equal(ask(ASK_FOR_EVERYTHING, "destroy").decision, "ask");
  });

  it("is decided by its first rule that matches effect, tool, target, environment and caller", () => {
    const policy = policyOf(
      { effects: ["write"], tools: ["pg_drop_*"], decision: "deny", because: "not here" },
      { effects: ["write"], targets: ["orders-*"], decision: "allow" },
      { effects: ["write"], environments: ["production"], callers: ["dba*"], decision: "ask" },
      { effects: ["read"], targets: ["orders-eu"], decision: "deny" },
    );
    assert.deepEqual(ask(policy, "write", { tool: "pg_drop_slot", target: staging }), {
      decision: "deny",
      because: "not here",
      rule: "rule 0",
    });
    assert.equal(ask(policy, "write", { target: staging }).decision, "allow");
    assert.equal(ask(policy, "write").decision, "deny");
    assert.equal(ask(policy, "write", { caller: "dba-anna" }).decision, "ask");
    assert.equal(ask(policy, "read", { target: staging }).decision, "deny");
    assert.equal(ask(policy, "destroy", { caller: "dba-anna" }).decision, "deny");
  });

  it("never lets anything be destroyed unattended unless it says so", () => {
    const plain = ask(policyOf({ effects: ["destroy"], decision: "allow" }), "destroy");
    assert.equal(plain.decision, "ask");
    assert.match(plain.because, /unless the rule says unattended/);
    assert.equal(ask(policyOf({ effects: ["destroy"], decision: "allow", unattended: true }), "destroy").decision, "allow");
    assert.equal(ask(policyOf({ effects: ["write"], decision: "allow" }), "write").decision, "allow");
  });

  it("made in code that asks about reads denies them, because a read has no plan", () => {
    const policy: Policy = { version: 1, rules: [{ name: "odd", effects: ["read"], decision: "ask", unattended: false }] };
    assert.equal(ask(policy, "read").decision, "deny");
  });

  it("compares names with * only, whole, and never as an expression", () => {
    const cases: [pattern: string, name: string, matches: boolean][] = [
      ["pg_*", "pg_cancel_query", true],
      ["*_query", "pg_cancel_query", true],
      ["pg_*_query", "pg_cancel_query", true],
      ["pg_*_*", "pg_cancel_query", true],
      ["*", "", true],
      ["**", "x", true],
      ["a*a", "a", false],
      ["ab*ba", "aba", false],
      ["pg_", "pg_cancel_query", false],
      ["pg.cancel", "pg_cancel", false],
      ["p*g*q*z", "pg_cancel_query", false],
      [".*", "pg", false],
    ];
    for (const [pattern, name, matches] of cases) {
      const verdict = ask(policyOf({ effects: ["write"], tools: [pattern], decision: "ask" }), "write", { tool: name });
      assert.equal(verdict.decision === "ask", matches, `${pattern} ${name}`);
    }
  });

  it("agrees with the obvious meaning of * for any pattern and name", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "."), maxLength: 8 });
    fc.assert(
      fc.property(
        text.filter((pattern) => pattern !== ""),
        text,
        (pattern, name) => {
          const verdict = ask(policyOf({ effects: ["write"], tools: [pattern], decision: "ask" }), "write", { tool: name });
          const obvious = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
          assert.equal(verdict.decision === "ask", obvious.test(name));
        },
      ),
    );
  });

  it("whatever its rules, a change is done without asking only where a rule allows it", () => {
    const rule = fc.record({
      effects: fc.subarray<Effect>(["write", "destroy"], { minLength: 1 }),
      decision: fc.constantFrom("ask", "deny"),
      environments: fc.subarray(["production", "staging", "test"], { minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), fc.constantFrom<Effect>("write", "destroy"), (rules, effect) => {
        assert.notEqual(ask(policyOf(...rules), effect).decision, "allow");
      }),
    );
  });
});

describe("what a policy exposes", () => {
  const tools = [
    { name: "pg_sessions", effect: "read" },
    { name: "pg_cancel_query", effect: "write" },
    { name: "pg_terminate_session", effect: "destroy" },
  ] as const;

  it("is every read, and a change where some target allows it, for this caller", () => {
    const policy = policyOf({ effects: ["write"], targets: ["orders-eu"], callers: ["anna"], decision: "ask" });
    const effects = (targets: readonly Target[], caller: string) => [...effectsAllowedSomewhere(policy, tools, targets, caller)];
    assert.deepEqual(effects([production, staging], "anna"), ["read", "write"]);
    assert.deepEqual(effects([production], "anna"), ["read"]);
    assert.deepEqual(effects([production, staging], "bert"), ["read"]);
    assert.equal(isExposed(policy, tools[1], [], "anna"), false);
  });
});

describe("a policy file", () => {
  it("is read, and refused with its line when it does not make sense", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "policy-"));
    const file = path.join(dir, "policy.yaml");
    const load = async (yaml: string) => {
      await writeFile(file, yaml);
      return loadPolicy(file);
    };
    try {
      const policy = await load(
        "version: 1\nrules:\n  - name: nights\n    effects: [destroy]\n    decision: allow\n    unattended: true\n",
      );
      assert.equal(policy.rules[0]?.unattended, true);
      const cases: [string, RegExp][] = [
        ["version: 2\nrules: []\n", /policy\.yaml:1: version: expected one of 1/],
        ["version: 1\nrules:\n  - name: x\n    effects: [read]\n    decision: ask\n", /:5: rules\.0\.decision: a read has no plan/],
        [
          "version: 1\nrules:\n  - name: x\n    effects: [write]\n    decision: ask\n    unattended: true\n",
          /:6: rules\.0\.unattended: goes with/,
        ],
        ["version: 1\nrules:\n  - name: x\n    effect: write\n    decision: ask\n", /:\d: rules\.0.*"effect"/],
        [
          "version: 1\nrules:\n  - name: x\n    effects: [erase]\n    decision: ask\n",
          /:4: rules\.0\.effects\.0: expected one of read, write, destroy/,
        ],
        ["version: 1\n", /rules: expected array/],
        ["", /version: expected one of 1/],
      ];
      for (const [yaml, expected] of cases) await assert.rejects(load(yaml), { code: "INVALID_CONFIGURATION", message: expected });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
