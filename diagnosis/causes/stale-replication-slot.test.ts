import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, replicationSlot, sessionHolder, table } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const GIB = 1_073_741_824;
const away = replicationSlot({
  name: "standby_2",
  active: false,
  activePid: null,
  inactiveSeconds: 90_000,
  retainedBytes: 30 * GIB,
  walStatus: "extended",
});
const stuck = table({
  deadRows: 300_000,
  vacuumThresholdRows: 100_000,
  lastAutovacuum: ago(60),
  lastAutoanalyze: ago(58),
  modifiedSinceAnalyze: 0,
  rowsUpdatedPerSecond: 0,
  rowsDeletedPerSecond: 0,
});

describe("stale-replication-slot", () => {
  it("is claimed for the slot, explains why pg_wal grows, and rules archiving out", () => {
    const diagnosis = diagnosed({ "pg.replication": { slots: [replicationSlot(), away] }, "pg.wal": { directoryBytes: 31 * GIB } });
    assert.deepEqual(causesOf(diagnosis), ["warning stale-replication-slot: standby_2"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-wal-piles-up"]);
    assert.ok(firstCause(diagnosis).ruledOut.some(({ id }) => id === "archiving-fails"));
    assert.match(firstCause(diagnosis).advice.join(" "), /pg_drop_replication_slot\('standby_2'\)/);
  });

  it("explains that vacuum is held back by the same slot", () => {
    const holders = [{ kind: "slot", name: "standby_2", active: false, catalogOnly: false, age: 5_000_000 } as const];
    const diagnosis = diagnosed({ "pg.replication": { slots: [away] }, "pg.vacuum": { holders }, "pg.tables": { tables: [stuck] } });
    assert.deepEqual(causesOf(diagnosis), ["warning stale-replication-slot: standby_2"]);
    assert.ok(firstCause(diagnosis).explains.includes("pg-vacuum-held-back:standby_2"));
  });

  it("does not explain that a session holds vacuum back: those are two causes", () => {
    const holders = [sessionHolder({ state: "idle in transaction", xactAgeSeconds: 900, age: 5_000 })];
    const diagnosis = diagnosed({ "pg.replication": { slots: [away] }, "pg.vacuum": { holders }, "pg.tables": { tables: [stuck] } });
    assert.deepEqual(causesOf(diagnosis).toSorted(), ["warning stale-replication-slot: standby_2", "warning vacuum-held-back: pid 4711"]);
  });

  it("is not claimed for a slot that is read from", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.replication": { slots: [replicationSlot({ retainedBytes: 3 * GIB })] } })), []);
  });
});
