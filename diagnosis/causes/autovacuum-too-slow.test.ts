import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, database, table } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const worker = (pid: number, name: string) => ({
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
});
const late = table({ name: "events", deadRows: 600_000, vacuumThresholdRows: 100_050, lastAutovacuum: ago(90_000) });
const busy = { running: [worker(1, "a"), worker(2, "b"), worker(3, "c")] };

describe("autovacuum-too-slow", () => {
  it("is claimed with the setting that holds the workers back, and explains what waits for them", () => {
    const diagnosis = diagnosed({
      "pg.vacuum": busy,
      "pg.tables": { tables: [late] },
      "pg.databases": { databases: [database({ freezeAge: 700_000_000 })] },
    });
    assert.deepEqual(causesOf(diagnosis), ["warning autovacuum-too-slow: autovacuum_vacuum_cost_limit"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-wraparound-near:orders", "pg-dead-rows:public.events"]);
  });

  it("is not claimed because workers are busy", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.vacuum": busy })), []);
  });
});
