import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { increase, ratePerSecond } from "./counters.ts";

describe("two readings of a counter", () => {
  it("differ by what was counted between them", () => {
    assert.equal(increase(5, 8), 3);
    assert.equal(ratePerSecond(10, 40, 3), 10);
  });

  it("count from zero where the counter went back, because it was reset", () => {
    assert.equal(increase(1000, 4), 4);
  });

  it("are no increase where one is missing, and no rate without time", () => {
    assert.deepEqual([increase(undefined, 7), increase(null, 7), increase(7, null), ratePerSecond(0, 7, 0)], [0, 0, 0, 0]);
  });
});
