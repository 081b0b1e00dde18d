import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { table } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const GIB = 1_073_741_824;
const bloated = (more: Parameters<typeof table>[0] = {}) =>
  diagnosed({ "pg.tables": { tables: [table({ estimatedBloatBytes: 1.5 * GIB, ...more })] } });

describe("table-bloat", () => {
  it("is claimed for the table, and says how to give the space back", () => {
    assert.deepEqual(causesOf(bloated()), ["warning table-bloat: public.orders"]);
    assert.match(firstCause(bloated({ name: "Order Lines" })).advice.join(" "), /vacuum full public\."Order Lines";/);
  });

  it("stands under the switched-off autovacuum of the same table", () => {
    const diagnosis = bloated({ autovacuumEnabled: false, liveRows: 8_000_000, deadRows: 1_700_000 });
    assert.deepEqual(causesOf(diagnosis), ["warning autovacuum-disabled: public.orders"]);
    assert.ok(firstCause(diagnosis).explains.includes("pg-table-bloat:public.orders"));
  });

  it("is not claimed while dead rows take the space", () => {
    assert.deepEqual(causesOf(bloated({ liveRows: 1_000_000, deadRows: 2_000_000, vacuumThresholdRows: 1_500_000 })), []);
  });
});
