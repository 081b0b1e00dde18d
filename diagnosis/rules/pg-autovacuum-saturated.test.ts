import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PgVacuum } from "../evidence/pg-operations.ts";
import { ago, table, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { autovacuumSaturated } from "./pg-autovacuum-saturated.ts";

const worker = (pid: number, name: string, more: Partial<PgVacuum["running"][number]> = {}): PgVacuum["running"][number] => ({
  pid,
  backendStart: ago(100),
  relation: { schema: "public", name },
  database: "orders",
  automatic: true,
  toPreventWraparound: false,
  phase: "scanning heap",
  seconds: 90,
  scannedRatio: 0.2,
  waitEvent: "Timeout:VacuumDelay",
  ...more,
});
const late = table({ name: "events", deadRows: 600_000, vacuumThresholdRows: 100_050, lastAutovacuum: ago(90_000) });
const three = [worker(1, "a"), worker(2, "b"), worker(3, "c")];

describe("pg-autovacuum-saturated", () => {
  it("names the cost limit when the workers pause for it, and the tables that wait", () => {
    const overrides = { "pg.vacuum": { running: three }, "pg.tables": { tables: [late] } };
    assert.deepEqual(judged(autovacuumSaturated, overrides), ["warning autovacuum_vacuum_cost_limit"]);
    const { about, facts } = firstFound(autovacuumSaturated, overrides);
    assert.deepEqual(about, [{ kind: "relation", schema: "public", name: "events" }]);
    assert.equal(facts["throttledWorkers"], 3);
  });

  it("names the number of workers when they do not pause", () => {
    const running = three.map((one) => ({ ...one, waitEvent: "IO:DataFileRead" }));
    const overrides = { "pg.vacuum": { running }, "pg.tables": { tables: [late] } };
    assert.deepEqual(judged(autovacuumSaturated, overrides), ["warning autovacuum_max_workers"]);
  });

  it("is clear while a worker is free, and while no table is far over its threshold", () => {
    assert.equal(judged(autovacuumSaturated, { "pg.vacuum": { running: three.slice(1) }, "pg.tables": { tables: [late] } }), "clear");
    const near = table({ ...late, deadRows: 500_249 });
    assert.equal(judged(autovacuumSaturated, { "pg.vacuum": { running: three }, "pg.tables": { tables: [near] } }), "clear");
  });

  it("does not count tables that are held back, switched off, or being vacuumed since a moment", () => {
    const heldBack = table({ ...late, lastAutovacuum: ago(30), lastAutoanalyze: ago(30), modifiedSinceAnalyze: 0 });
    const off = table({ ...late, autovacuumEnabled: false });
    const inWork = table({ ...late, name: "a" });
    for (const one of [heldBack, off, inWork]) {
      assert.equal(judged(autovacuumSaturated, { "pg.vacuum": { running: three }, "pg.tables": { tables: [one] } }), "clear");
    }
  });

  it("is clear when autovacuum is off: its workers then only prevent wraparound", () => {
    for (const off of [{ enabled: false }, { trackCounts: false }]) {
      assert.equal(judged(autovacuumSaturated, { "pg.vacuum": { running: three, ...off }, "pg.tables": { tables: [late] } }), "clear");
    }
  });

  it("gives a worker ten minutes for a table", () => {
    const running = [worker(1, "events", { seconds: 599 }), worker(2, "b"), worker(3, "c")];
    assert.equal(judged(autovacuumSaturated, { "pg.vacuum": { running }, "pg.tables": { tables: [late] } }), "clear");
  });

  it("counts a table that a worker has been on for ten minutes", () => {
    const running = [worker(1, "events", { seconds: 600 }), worker(2, "b"), worker(3, "c")];
    const overrides = { "pg.vacuum": { running }, "pg.tables": { tables: [late] } };
    assert.deepEqual(judged(autovacuumSaturated, overrides), ["warning autovacuum_vacuum_cost_limit"]);
  });

  it("is undecided without the tables", () => {
    assert.equal(judged(autovacuumSaturated, { "pg.tables": unseen("timed-out") }), "undecided: timed-out");
  });
});
