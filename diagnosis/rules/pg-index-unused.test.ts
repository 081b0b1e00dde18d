import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { index, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { indexUnused } from "./pg-index-unused.ts";

const DAY = 86_400;
const unused = [index({ name: "orders_note_idx", scans: 0 })];

describe("pg-index-unused", () => {
  it("names the table, its indexes, what is written to it and how many standbys may use them", () => {
    assert.deepEqual(judged(indexUnused, { "pg.indexes": { unused } }), ["advice public.orders"]);
    const { facts } = firstFound(indexUnused, { "pg.indexes": { unused } });
    assert.deepEqual(facts["indexes"], ["public.orders_note_idx"]);
    assert.equal(facts["standbys"], 1);
    assert.equal(facts["rowsWrittenPerSecond"], 181);
  });

  it("says that the writes are unknown where the table was not seen", () => {
    const others = [index({ table: "audit", name: "audit_note_idx", scans: 0 })];
    assert.equal(firstFound(indexUnused, { "pg.indexes": { unused: others } }).facts["rowsWrittenPerSecond"], null);
  });

  it("claims nothing on fresh statistics", () => {
    assert.equal(judged(indexUnused, { "pg.indexes": { unused, statsAgeSeconds: 7 * DAY - 1 } }), "clear");
    assert.deepEqual(judged(indexUnused, { "pg.indexes": { unused, statsAgeSeconds: 7 * DAY } }), ["advice public.orders"]);
  });

  it("takes the server's uptime where statistics were never reset", () => {
    const never = { unused, statsAgeSeconds: null, statsSince: null };
    assert.deepEqual(judged(indexUnused, { "pg.indexes": never }), ["advice public.orders"]);
    assert.equal(judged(indexUnused, { "pg.indexes": never, "pg.server": { uptimeSeconds: 600 } }), "clear");
    assert.equal(judged(indexUnused, { "pg.indexes": never, "pg.server": null }), "clear");
  });

  it("says nothing of small indexes, of redundant ones, and on a standby", () => {
    assert.equal(judged(indexUnused, { "pg.indexes": { unused: [index({ sizeBytes: 10 * 1_048_576 - 1 })] } }), "clear");
    assert.deepEqual(judged(indexUnused, { "pg.indexes": { unused: [index({ sizeBytes: 10 * 1_048_576 })] } }), ["advice public.orders"]);
    const duplicates = unused.map((one) => ({ ...one, keeps: "other", keepsSchema: "public", isPrefixOnly: false }));
    assert.equal(judged(indexUnused, { "pg.indexes": { unused, duplicates } }), "clear");
    assert.equal(judged(indexUnused, { "pg.indexes": { unused }, "pg.server": { inRecovery: true } }), "clear");
  });

  it("is undecided without the indexes", () => {
    assert.equal(judged(indexUnused, { "pg.indexes": unseen("timed-out") }), "undecided: timed-out");
  });
});
