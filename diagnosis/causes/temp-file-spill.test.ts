import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statement } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const spilling = (tempBlocksWrittenPerSecond: number) =>
  diagnosed({ "pg.statements": { statements: [statement({ role: "reporting", tempBlocksWrittenPerSecond, callsPerSecond: 2 })] } });

describe("temp-file-spill", () => {
  it("is claimed for the statement, and would give memory to its role only", () => {
    assert.deepEqual(causesOf(spilling(9_000)), ["warning temp-file-spill: query 8812345678901234567"]);
    assert.match(firstCause(spilling(9_000)).advice.join(" "), /alter role reporting set work_mem/);
  });

  it("is not claimed for a trickle", () => {
    assert.deepEqual(causesOf(spilling(100)), []);
  });
});
