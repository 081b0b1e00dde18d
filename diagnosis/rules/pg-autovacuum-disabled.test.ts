import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { table, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { autovacuumDisabled } from "./pg-autovacuum-disabled.ts";

const off = { autovacuumEnabled: false, options: ["autovacuum_enabled=false"] };
const neglected = table({ name: "events", deadRows: 900_000, vacuumThresholdRows: 20_050, liveRows: 100_000 });

describe("pg-autovacuum-disabled", () => {
  it("names the table that has it off and needs it", () => {
    const overrides = { "pg.tables": { tables: [table(), { ...neglected, ...off }] } };
    assert.deepEqual(judged(autovacuumDisabled, overrides), ["warning public.events"]);
    assert.equal(firstFound(autovacuumDisabled, overrides).facts["deadRows"], 900_000);
  });

  it("names the setting when it is off for the server, and the tables that show it", () => {
    const overrides = { "pg.vacuum": { enabled: false }, "pg.tables": { tables: [{ ...neglected, ...off }] } };
    assert.deepEqual(judged(autovacuumDisabled, overrides), ["warning autovacuum"]);
    assert.deepEqual(firstFound(autovacuumDisabled, overrides).facts["tables"], ["public.events"]);
    assert.deepEqual(judged(autovacuumDisabled, { "pg.vacuum": { trackCounts: false } }), ["warning track_counts"]);
  });

  it("leaves a table alone that has it off and does not need it", () => {
    assert.equal(judged(autovacuumDisabled, { "pg.tables": { tables: [table(off)] } }), "clear");
    const small = table({ ...off, sizeBytes: 8_192, deadRows: 990, vacuumThresholdRows: 50 });
    assert.equal(judged(autovacuumDisabled, { "pg.tables": { tables: [small] } }), "clear");
  });

  it("asks for a thousand dead rows, however low the threshold", () => {
    const at = (deadRows: number) =>
      judged(autovacuumDisabled, { "pg.tables": { tables: [table({ ...off, deadRows, vacuumThresholdRows: 50 })] } });
    assert.equal(at(1_000), "clear");
    assert.deepEqual(at(1_001), ["warning public.orders"]);
  });

  it("turns at the threshold, and when freezing is overdue", () => {
    const at = (deadRows: number) =>
      judged(autovacuumDisabled, { "pg.tables": { tables: [table({ ...off, deadRows, vacuumThresholdRows: 50_000 })] } });
    assert.equal(at(50_000), "clear");
    assert.deepEqual(at(50_001), ["warning public.orders"]);
    const aged = table({ ...off, deadRows: 0, freezeAge: 200_000_001 });
    assert.deepEqual(judged(autovacuumDisabled, { "pg.tables": { tables: [aged] } }), ["warning public.orders"]);
  });

  it("says what it has looked at", () => {
    assert.match(clearText(autovacuumDisabled) ?? "", /off for 0 tables/);
    assert.equal(clearText(autovacuumDisabled, { "pg.tables": null }), "autovacuum is on for the server");
  });

  it("is undecided without vacuum's settings", () => {
    assert.equal(judged(autovacuumDisabled, { "pg.vacuum": unseen("timed-out") }), "undecided: timed-out");
  });
});
