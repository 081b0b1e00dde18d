import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { index } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const left = (name: string, beingBuilt = false) => diagnosed({ "pg.indexes": { invalid: [{ ...index({ name }), beingBuilt }] } });

describe("invalid-index", () => {
  it("is claimed for the index, with the statement that rebuilds it", () => {
    assert.deepEqual(causesOf(left("orders_note_idx")), ["warning invalid-index: public.orders_note_idx"]);
    assert.match(firstCause(left("orders_note_idx")).advice[0] ?? "", /reindex index concurrently public\.orders_note_idx;/);
  });

  it("knows what a failed REINDEX CONCURRENTLY leaves", () => {
    assert.match(firstCause(left("orders_note_idx_ccnew1")).advice[0] ?? "", /drop index concurrently public\.orders_note_idx_ccnew1;/);
  });

  it("is not claimed for an index that is being built", () => {
    assert.deepEqual(causesOf(left("orders_note_idx", true)), []);
  });
});
