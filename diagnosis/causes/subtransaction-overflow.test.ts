import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("subtransaction-overflow", () => {
  const waits = (averageSessions: number) => ({
    "pg.waits": { averageActive: 8, events: [{ type: "LWLock", event: "SubtransSLRU", averageSessions }] },
  });

  it("is claimed for sessions that wait for the subtransaction cache", () => {
    assert.deepEqual(causesOf(diagnosed(waits(5))), ["warning subtransaction-overflow: (server)"]);
    assert.match(firstCause(diagnosed(waits(5))).advice.join(" "), /savepoints in a loop/);
  });

  it("is not claimed for one of them", () => {
    assert.deepEqual(causesOf(diagnosed(waits(1))), []);
  });
});
