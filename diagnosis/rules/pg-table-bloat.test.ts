import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { table, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { tableBloat } from "./pg-table-bloat.ts";

const MIB = 1_048_576;
const with_ = (more: Parameters<typeof table>[0]) => ({ "pg.tables": { tables: [table({ deadRows: 0, ...more })] } });

describe("pg-table-bloat", () => {
  it("finds a table that is mostly empty, and warns from 1 GiB on", () => {
    assert.deepEqual(judged(tableBloat, with_({ sizeBytes: 100 * MIB, estimatedBloatBytes: 80 * MIB })), ["advice public.orders"]);
    assert.deepEqual(judged(tableBloat, with_({ sizeBytes: 2_000 * MIB, estimatedBloatBytes: 1_024 * MIB })), ["warning public.orders"]);
  });

  it("is clear below half of the table and below 32 MiB", () => {
    assert.equal(judged(tableBloat, with_({ sizeBytes: 100 * MIB, estimatedBloatBytes: 49 * MIB })), "clear");
    assert.equal(judged(tableBloat, with_({ sizeBytes: 33 * MIB, estimatedBloatBytes: 31 * MIB })), "clear");
    assert.deepEqual(judged(tableBloat, with_({ sizeBytes: 33 * MIB, estimatedBloatBytes: 32 * MIB })), ["advice public.orders"]);
    assert.deepEqual(judged(tableBloat, with_({ sizeBytes: 2_000 * MIB, estimatedBloatBytes: 1_023 * MIB })), ["advice public.orders"]);
  });

  it("is clear when dead rows take the space: they are another finding", () => {
    const dead = with_({ sizeBytes: 100 * MIB, estimatedBloatBytes: 80 * MIB, liveRows: 100_000, deadRows: 900_000 });
    assert.equal(judged(tableBloat, dead), "clear");
    const share = (deadRows: number) =>
      judged(tableBloat, with_({ sizeBytes: 100 * MIB, estimatedBloatBytes: 80 * MIB, liveRows: 1_000_000 - deadRows, deadRows }));
    assert.equal(share(200_001), "clear");
    assert.deepEqual(share(200_000), ["advice public.orders"]);
  });

  it("takes fillfactor's reserve off, and never says more than the table's size", () => {
    const reserved = with_({ sizeBytes: 100 * MIB, estimatedBloatBytes: 80 * MIB, options: ["fillfactor=50"] });
    assert.equal(judged(tableBloat, reserved), "clear");
    const absurd = with_({ sizeBytes: 100 * MIB, estimatedBloatBytes: 145_000 * MIB });
    assert.equal(firstFound(tableBloat, absurd).facts["estimatedBloatBytes"], 100 * MIB);
  });

  it("is clear without an estimate, and undecided without the tables", () => {
    assert.equal(judged(tableBloat, with_({ estimatedBloatBytes: null })), "clear");
    assert.equal(judged(tableBloat, { "pg.tables": unseen("timed-out") }), "undecided: timed-out");
  });
});
