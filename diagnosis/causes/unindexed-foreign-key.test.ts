import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const key = (referencedDeletesPerSecond: number) => ({
  "pg.indexes": {
    unindexedForeignKeys: [
      {
        constraint: "items_order_fkey",
        schema: "public",
        name: "items",
        columns: ["order_id", "Line"],
        references: { schema: "public", name: "orders" },
        sizeBytes: 500_000_000,
        referencedDeletesPerSecond,
        referencedUpdatesPerSecond: 40,
      },
    ],
  },
});

describe("unindexed-foreign-key", () => {
  it("is claimed for the referencing table, with the index that it needs", () => {
    const diagnosis = diagnosed(key(3));
    assert.deepEqual(causesOf(diagnosis), ["warning unindexed-foreign-key: public.items"]);
    assert.deepEqual(firstCause(diagnosis).advice, ['create index concurrently on public.items (order_id, "Line");']);
  });

  it("is not claimed where nothing is deleted", () => {
    assert.deepEqual(causesOf(diagnosed(key(0))), []);
  });
});
