import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { table } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const events = table({
  name: "events",
  deadRows: 900_000,
  vacuumThresholdRows: 20_050,
  liveRows: 100_000,
  autovacuumEnabled: false,
  options: ["autovacuum_enabled=false"],
});

describe("autovacuum-disabled", () => {
  it("is claimed for the table, with its dead rows under it and the statement that undoes it", () => {
    const diagnosis = diagnosed({ "pg.tables": { tables: [table(), events] } });
    assert.deepEqual(causesOf(diagnosis), ["warning autovacuum-disabled: public.events"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-dead-rows:public.events"]);
    assert.match(firstCause(diagnosis).advice[0] ?? "", /alter table public\.events reset \(autovacuum_enabled\)/);
  });

  it("is claimed once for the server, whatever tables have it off as well", () => {
    const diagnosis = diagnosed({ "pg.vacuum": { enabled: false }, "pg.tables": { tables: [events] } });
    assert.deepEqual(causesOf(diagnosis), ["warning autovacuum-disabled: autovacuum"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-dead-rows:public.events"]);
  });

  it("does not explain the dead rows of another table", () => {
    const diagnosis = diagnosed({ "pg.tables": { tables: [events, table({ deadRows: 5_000_000 })] } });
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-dead-rows:public.events"]);
    assert.deepEqual(diagnosis.unexplained, ["pg-dead-rows:public.orders"]);
  });

  it("is not claimed for a table that has it off and is quiet", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.tables": { tables: [table({ autovacuumEnabled: false })] } })), []);
  });
});
