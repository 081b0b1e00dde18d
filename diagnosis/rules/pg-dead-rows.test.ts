import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { table, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { deadRows } from "./pg-dead-rows.ts";

const at = (dead: number, more = {}) =>
  judged(deadRows, { "pg.tables": { tables: [table({ deadRows: dead, vacuumThresholdRows: 50_000, ...more })] } });

describe("pg-dead-rows", () => {
  it("finds a table at twice autovacuum's threshold, and not below", () => {
    assert.deepEqual(at(100_000), ["advice public.orders"]);
    assert.equal(at(99_999), "clear");
  });

  it("never speaks of few dead rows or a small table", () => {
    assert.equal(at(9_999, { vacuumThresholdRows: 50 }), "clear");
    assert.equal(at(99_999, { vacuumThresholdRows: 50, sizeBytes: 1_048_576 }), "clear");
    assert.deepEqual(at(100_000, { vacuumThresholdRows: 50, sizeBytes: 1_048_576 }), ["advice public.orders"], "sizes may be old");
  });

  it("names no size that was never counted", () => {
    const summaryAt = (sizeBytes: number) =>
      firstFound(deadRows, { "pg.tables": { tables: [table({ deadRows: 200_000, vacuumThresholdRows: 50, sizeBytes })] } }).summary;
    assert.match(summaryAt(0), /live ones; autovacuum's threshold is 50$/);
    assert.match(summaryAt(104_857_600), /live ones in 100 MiB; /);
  });

  it("is undecided without the tables", () => {
    assert.equal(judged(deadRows, { "pg.tables": unseen("timed-out") }), "undecided: timed-out");
  });
});
