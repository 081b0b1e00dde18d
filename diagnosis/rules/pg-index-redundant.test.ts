import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { index, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { indexRedundant } from "./pg-index-redundant.ts";

const MIB = 1_048_576;
const duplicate = (name: string, sizeBytes: number, table = "orders") => ({
  ...index({ name, sizeBytes, table }),
  keeps: "orders_customer_id_idx",
  keepsSchema: "public",
  isPrefixOnly: false,
});

describe("pg-index-redundant", () => {
  it("makes one finding a table, largest first, with all its indexes", () => {
    const duplicates = [duplicate("a", 9 * MIB, "small"), duplicate("b", 50 * MIB), duplicate("c", 60 * MIB)];
    assert.deepEqual(judged(indexRedundant, { "pg.indexes": { duplicates } }), ["advice public.orders", "advice public.small"]);
    assert.deepEqual(firstFound(indexRedundant, { "pg.indexes": { duplicates } }).facts["indexes"], ["public.b", "public.c"]);
  });

  it("is clear below 8 MiB a table", () => {
    const duplicates = [duplicate("a", 4 * MIB), duplicate("b", 4 * MIB - 1)];
    assert.equal(judged(indexRedundant, { "pg.indexes": { duplicates } }), "clear");
    assert.deepEqual(judged(indexRedundant, { "pg.indexes": { duplicates: [...duplicates, duplicate("c", 1)] } }), [
      "advice public.orders",
    ]);
  });

  it("is undecided without the indexes", () => {
    assert.equal(judged(indexRedundant, { "pg.indexes": unseen("timed-out") }), "undecided: timed-out");
  });
});
