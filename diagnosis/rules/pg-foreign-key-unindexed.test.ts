import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { table, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { foreignKeyUnindexed } from "./pg-foreign-key-unindexed.ts";

const MIB = 1_048_576;
const key = (more = {}) => ({
  constraint: "items_order_id_fkey",
  schema: "public",
  name: "items",
  columns: ["order_id"],
  references: { schema: "public", name: "orders" },
  sizeBytes: 200 * MIB,
  referencedDeletesPerSecond: 2,
  referencedUpdatesPerSecond: 90,
  ...more,
});
const judge = (more = {}) => judged(foreignKeyUnindexed, { "pg.indexes": { unindexedForeignKeys: [key(more)] } });

describe("pg-foreign-key-unindexed", () => {
  it("names the referencing table and says what each delete costs", () => {
    assert.deepEqual(judge(), ["warning public.items"]);
    assert.match(
      firstFound(foreignKeyUnindexed, { "pg.indexes": { unindexedForeignKeys: [key()] } }).summary,
      /2\.0 deletes\/s in public\.orders each read all 200 MiB of public\.items/,
    );
  });

  it("only advises while the searches read less than 100 MiB/s", () => {
    assert.deepEqual(judge({ referencedDeletesPerSecond: 0.5 }), ["warning public.items"]);
    assert.deepEqual(judge({ referencedDeletesPerSecond: 0.49 }), ["advice public.items"]);
  });

  it("is clear without deletes, however much else is updated, and for small tables", () => {
    assert.equal(judge({ referencedDeletesPerSecond: 0 }), "clear");
    assert.equal(judge({ sizeBytes: 8 * MIB - 1, referencedDeletesPerSecond: 5_000 }), "clear");
    assert.deepEqual(judge({ sizeBytes: 8 * MIB, referencedDeletesPerSecond: 1 }), ["advice public.items"]);
  });

  it("is clear when the referencing table is seen not to be scanned", () => {
    const overrides = {
      "pg.indexes": { unindexedForeignKeys: [key()] },
      "pg.tables": { tables: [table({ name: "items", seqScansPerSecond: 0 })] },
    };
    assert.equal(judged(foreignKeyUnindexed, overrides), "clear");
  });

  it("is undecided without the indexes", () => {
    assert.equal(judged(foreignKeyUnindexed, { "pg.indexes": unseen("timed-out") }), "undecided: timed-out");
  });
});
