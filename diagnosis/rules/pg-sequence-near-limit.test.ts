import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sequence, table, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { sequenceNearLimit } from "./pg-sequence-near-limit.ts";

const LIMIT = 2_147_483_647;
const at = (lastValue: number, more: Parameters<typeof sequence>[0] = {}) =>
  sequence({ lastValue, usedRatio: lastValue / LIMIT, remaining: LIMIT - lastValue, ...more });
const judge = (one: ReturnType<typeof sequence>, rowsInsertedPerSecond = 0) =>
  judged(sequenceNearLimit, { "pg.sequences": { sequences: [one] }, "pg.tables": { tables: [table({ rowsInsertedPerSecond })] } });

describe("pg-sequence-near-limit", () => {
  it("advises, warns, and is critical when nothing is left", () => {
    assert.equal(judge(at(LIMIT * 0.749)), "clear");
    assert.deepEqual(judge(at(LIMIT * 0.75)), ["advice public.orders_id_seq"]);
    assert.deepEqual(judge(at(LIMIT * 0.9)), ["warning public.orders_id_seq"]);
    assert.deepEqual(judge(at(LIMIT)), ["critical public.orders_id_seq"]);
    assert.deepEqual(judge(at(LIMIT - 5, { increment: 10 })), ["critical public.orders_id_seq"]);
  });

  it("is critical when the present inserts use it up within hours", () => {
    assert.deepEqual(judge(at(LIMIT - 4_320_000), 100), ["warning public.orders_id_seq"]);
    assert.deepEqual(judge(at(LIMIT - 4_319_900), 100), ["critical public.orders_id_seq"]);
    assert.deepEqual(judge(at(LIMIT - 4_320_000, { increment: 2 }), 100), ["critical public.orders_id_seq"]);
  });

  it("takes the inserts of its own table only", () => {
    const tables = [table({ name: "audit", rowsInsertedPerSecond: 90_000 }), table({ schema: "old", rowsInsertedPerSecond: 90_000 })];
    const overrides = { "pg.sequences": { sequences: [at(LIMIT - 4_320_000)] }, "pg.tables": { tables } };
    assert.equal(firstFound(sequenceNearLimit, overrides).facts["secondsLeft"], null);
  });

  it("names the column that it fills", () => {
    const found = firstFound(sequenceNearLimit, { "pg.sequences": { sequences: [at(LIMIT * 0.95)] } });
    assert.deepEqual(found.about, [{ kind: "column", schema: "public", table: "orders", name: "id" }]);
  });

  it("leaves a sequence alone that begins anew", () => {
    assert.equal(judge(at(LIMIT, { cycles: true })), "clear");
  });

  it("is undecided without the sequences", () => {
    assert.equal(judged(sequenceNearLimit, { "pg.sequences": unseen("timed-out") }), "undecided: timed-out");
  });
});
