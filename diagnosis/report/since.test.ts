import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiagnosedFinding } from "../diagnosis.ts";
import { sinceWhen } from "./since.ts";

function proof(facts: DiagnosedFinding["facts"]): DiagnosedFinding[] {
  return [{ key: "k", rule: "r", severity: "warning", object: null, summary: "s", facts, evidence: [] }];
}

test("trouble began when the oldest thing that proves it began", () => {
  assert.deepEqual(sinceWhen(proof({ longestWaitSeconds: 60, xactAgeSeconds: 90 }), "2026-03-14T09:00:00.000Z"), {
    at: "2026-03-14T08:58:30.000Z",
    ageSeconds: 90,
  });
});

test("settings, windows and averages are no ages", () => {
  const facts = {
    idleTimeoutSeconds: 900,
    windowSeconds: 3,
    maxAgeSeconds: 7,
    averageWaitSeconds: 5,
    sizeBytes: 9,
    uptimeSeconds: 100,
    statsAgeSeconds: 9e5,
    lastFailedAgeSeconds: 3,
  };
  assert.equal(sinceWhen(proof(facts), "2026-03-14T09:00:00.000Z"), null);
});

test("a time that is none gives no beginning", () => {
  assert.equal(sinceWhen(proof({ xactAgeSeconds: 90 }), "yesterday"), null);
  assert.equal(sinceWhen(proof({ xactAgeSeconds: 1e300 }), "2026-03-14T09:00:00.000Z"), null);
});
