import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fixtureServer } from "../test/kernel-fixture.ts";
import { ASK_FOR_EVERYTHING, READ_ONLY_POLICY } from "./policy.ts";
import { listTools, withinBudget } from "./serve.ts";

describe("what is listed", () => {
  it("marks the one target as optional, and does not list more names than a model can use", () => {
    const inputOf = (count: number) => {
      const targets = Array.from({ length: count }, (_, n) => ({ name: `db${n}`, environment: "test" }) as const);
      return Object(listTools(fixtureServer(targets), { policy: READ_ONLY_POLICY, caller: "anna" })[0]?.inputSchema);
    };
    assert.deepEqual(inputOf(1).required, undefined);
    assert.deepEqual(inputOf(1).properties.target.enum, ["db0"]);
    assert.deepEqual(inputOf(30).properties.target.enum.length, 30);
    assert.equal(inputOf(31).properties.target.enum, undefined);
    assert.deepEqual(inputOf(31).required, ["target"]);
    assert.equal(inputOf(0).properties.target.type, "string");
  });

  it("describes what a tool that acts answers, without spelling out what is below", () => {
    const tools = listTools(fixtureServer(), { policy: ASK_FOR_EVERYTHING, caller: "anna" });
    const output = Object(tools.find(({ name }) => name === "lamp_switch")?.outputSchema);
    assert.deepEqual(Object.keys(output.properties), ["plan", "approvedBy", "result", "verification"]);
    assert.deepEqual(output.properties.result, { type: "object" });
    assert.doesNotMatch(JSON.stringify(tools), /\$schema|\$defs|9007199254740991/);
  });
});

describe("the text budget", () => {
  it("keeps whole lines and characters, and never goes over, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), fc.integer({ min: 200, max: 1_000 }), (text, budget) => {
        const cut = withinBudget(text, budget);
        assert.ok(Buffer.byteLength(cut) <= budget);
        assert.ok(cut.isWellFormed());
        assert.equal(cut === text, Buffer.byteLength(text) <= budget);
      }),
    );
    const lines = Array.from({ length: 100 }, (_, n) => `line ${n}`).join("\n");
    assert.match(withinBudget(lines, 300), /^(line \d+\n)+\[truncated: \d+ more bytes/);
  });
});
