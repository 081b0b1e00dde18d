import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { didYouMean, nearNames } from "./near-names.ts";

describe("near names", () => {
  const names = ["orders", "orders-eu", "billing", "constructor"];

  it("are those a slip or a beginning away, nearest first", () => {
    assert.deepEqual(nearNames("oders", names), ["orders"]);
    assert.deepEqual(nearNames("orders", names), ["orders", "orders-eu"]);
    assert.deepEqual(nearNames("BILING", names), ["billing"]);
    assert.deepEqual(nearNames("ord", names), ["orders", "orders-eu"]);
  });

  it("are none when nothing is near, and long nonsense takes no time", () => {
    assert.deepEqual(nearNames("x".repeat(1_000_000), names), []);
    assert.equal(didYouMean("zzzzzz", names), "");
    assert.equal(didYouMean("oders", names), " Did you mean orders?");
  });
});
