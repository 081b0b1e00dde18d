import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { index, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { indexInvalid } from "./pg-index-invalid.ts";

describe("pg-index-invalid", () => {
  it("names an index that a failed build left, and that it is unique", () => {
    const overrides = { "pg.indexes": { invalid: [{ ...index({ unique: true }), beingBuilt: false }] } };
    assert.deepEqual(judged(indexInvalid, overrides), ["warning public.orders_customer_id_idx"]);
    assert.equal(firstFound(indexInvalid, overrides).facts["unique"], true);
  });

  it("leaves an index alone that is being built", () => {
    assert.equal(judged(indexInvalid, { "pg.indexes": { invalid: [{ ...index(), beingBuilt: true }] } }), "clear");
  });

  it("is undecided without the indexes", () => {
    assert.equal(judged(indexInvalid, { "pg.indexes": unseen("timed-out") }), "undecided: timed-out");
  });
});
