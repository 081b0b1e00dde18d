import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { index } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const unused = [index({ name: "orders_note_idx", scans: 0 })];

describe("unused-indexes", () => {
  it("is advice for the table, and reminds of standbys first", () => {
    const diagnosis = diagnosed({ "pg.indexes": { unused } });
    assert.deepEqual(causesOf(diagnosis), ["advice unused-indexes: public.orders"]);
    assert.match(firstCause(diagnosis).advice[0] ?? "", /standby/);
    assert.equal(firstCause(diagnosis).advice[1], "drop index concurrently public.orders_note_idx;");
  });

  it("is not claimed five minutes after the statistics were reset", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.indexes": { unused, statsAgeSeconds: 300 } })), []);
  });
});
