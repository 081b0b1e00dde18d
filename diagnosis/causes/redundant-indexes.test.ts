import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { index } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const duplicate = (sizeBytes: number) => ({
  "pg.indexes": {
    duplicates: [
      {
        ...index({ name: "orders_customer_id_idx1", sizeBytes }),
        keeps: "orders_customer_id_idx",
        keepsSchema: "public",
        isPrefixOnly: false,
      },
    ],
  },
});

describe("redundant-indexes", () => {
  it("is advice for the table, with the statements", () => {
    const diagnosis = diagnosed(duplicate(170_000_000));
    assert.deepEqual(causesOf(diagnosis), ["advice redundant-indexes: public.orders"]);
    assert.deepEqual(firstCause(diagnosis).advice, ["drop index concurrently public.orders_customer_id_idx1;"]);
    assert.equal(diagnosis.verdict, "healthy");
  });

  it("is not claimed for small ones", () => {
    assert.deepEqual(causesOf(diagnosed(duplicate(16_384))), []);
  });
});
