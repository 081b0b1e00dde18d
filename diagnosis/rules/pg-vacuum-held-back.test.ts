import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { XminHolder } from "../evidence/pg-operations.ts";
import { ago, database, replicationSlot, sessionHolder, table, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { vacuumHeldBack } from "./pg-vacuum-held-back.ts";

/** Vacuumed a minute ago, and 300,000 dead rows were left. Nothing has changed since. */
const stuck = table({
  deadRows: 300_000,
  vacuumThresholdRows: 100_000,
  lastAutovacuum: ago(60),
  lastAutoanalyze: ago(58),
  modifiedSinceAnalyze: 0,
  rowsUpdatedPerSecond: 0,
  rowsDeletedPerSecond: 0,
});
const resting = { state: "idle in transaction", xactAgeSeconds: 900, age: 5_000 };
const parked = sessionHolder(resting);
const quiet = [database({ commitsPerSecond: 0.2, rowsInsertedPerSecond: 0, rowsUpdatedPerSecond: 0, rowsDeletedPerSecond: 0 })];

describe("pg-vacuum-held-back", () => {
  it("names the session that is older than the vacuum which had to leave the rows, with its client and its tables", () => {
    const overrides = { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders: [parked] } };
    assert.deepEqual(judged(vacuumHeldBack, overrides), ["warning pid 4711"]);
    const { about, facts, summary } = firstFound(vacuumHeldBack, overrides);
    assert.deepEqual(about, [
      { kind: "client", application: "checkout", role: "app" },
      { kind: "relation", schema: "public", name: "orders" },
    ]);
    assert.equal(facts["stuckRows"], 300_000);
    assert.equal(facts["ageTransactions"], 5_000);
    assert.match(
      summary,
      /session 4711 of "checkout" \(idle in transaction, transaction open for 15 min\).*300,000 dead rows in public\.orders/,
    );
  });

  it("is clear for the healthy example, and says how old the oldest snapshot is", () => {
    assert.equal(judged(vacuumHeldBack), "clear");
    assert.match(clearText(vacuumHeldBack) ?? "", /40 transactions/);
  });

  it("is clear when dead rows can have died after the vacuum, whatever session is old", () => {
    const churned = table({ ...stuck, modifiedSinceAnalyze: 250_000 });
    const busy = table({ ...stuck, lastAutoanalyze: ago(3_600), modifiedSinceAnalyze: 9_000_000, rowsUpdatedPerSecond: 4_000 });
    const analyzedBefore = table({ ...stuck, lastAutoanalyze: ago(90), modifiedSinceAnalyze: 350_000, rowsUpdatedPerSecond: 2_000 });
    for (const one of [churned, busy, analyzedBefore]) {
      assert.equal(judged(vacuumHeldBack, { "pg.tables": { tables: [one] }, "pg.vacuum": { holders: [parked] } }), "clear");
    }
  });

  it("counts what a vacuum left although the table was analyzed before, when it is quiet now", () => {
    const quietNow = table({ ...stuck, lastAutoanalyze: ago(90), modifiedSinceAnalyze: 300_000 });
    const overrides = { "pg.tables": { tables: [quietNow] }, "pg.vacuum": { holders: [parked] } };
    assert.deepEqual(judged(vacuumHeldBack, overrides), ["warning pid 4711"]);
  });

  it("is clear when the session began after the vacuum, or has only just begun to rest", () => {
    for (const xactAgeSeconds of [59, 19]) {
      const young = sessionHolder({ state: "idle in transaction", xactAgeSeconds, age: 5_000 });
      assert.equal(judged(vacuumHeldBack, { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders: [young] } }), "clear");
    }
  });

  it("counts a session from 20 s of rest on, a running statement from a minute on, and warns of it from ten minutes on", () => {
    const justNow = table({ ...stuck, lastAutovacuum: ago(5), lastAutoanalyze: ago(4) });
    const at = (state: "active" | "idle in transaction", xactAgeSeconds: number) =>
      judged(vacuumHeldBack, {
        "pg.tables": { tables: [justNow] },
        "pg.vacuum": { holders: [sessionHolder({ state, xactAgeSeconds, age: 5_000 })] },
      });
    assert.equal(at("idle in transaction", 19.9), "clear");
    assert.deepEqual(at("idle in transaction", 20), ["warning pid 4711"]);
    assert.equal(at("active", 59.9), "clear");
    assert.deepEqual(at("active", 60), ["advice pid 4711"]);
    assert.deepEqual(at("active", 599.9), ["advice pid 4711"]);
    assert.deepEqual(at("active", 600), ["warning pid 4711"]);
  });

  it("names a second holder from half of the oldest's age on, and from a thousand transactions on", () => {
    const others = (oldest: number, age: number) =>
      judged(vacuumHeldBack, {
        "pg.tables": { tables: [stuck] },
        "pg.vacuum": {
          holders: [
            sessionHolder({ ...resting, age: oldest }),
            { kind: "prepared-transaction", gid: "payout-1", database: "orders", ageSeconds: 5_000, age },
          ],
        },
      });
    assert.deepEqual(others(5_000, 2_500), ["warning pid 4711", "warning payout-1"]);
    assert.deepEqual(others(5_000, 2_499), ["warning pid 4711"]);
    assert.deepEqual(others(1_200, 1_000), ["warning pid 4711", "warning payout-1"]);
    assert.deepEqual(others(1_200, 999), ["warning pid 4711"]);
  });

  it("says of each kind what a remedy has to know", () => {
    const of = (holder: XminHolder) => firstFound(vacuumHeldBack, { "pg.vacuum": { holders: [holder] } }).facts;
    const session = of(sessionHolder({ ...resting, age: 1e8 }));
    assert.deepEqual([session["state"], session["active"], session["catalogOnly"]], ["idle in transaction", null, null]);
    const slot = of({ kind: "slot", name: "cdc", active: true, catalogOnly: true, age: 1e8 });
    assert.deepEqual([slot["state"], slot["active"], slot["catalogOnly"]], [null, true, true]);
  });

  it("leaves a session of another database and a slot that holds catalogs only alone", () => {
    const elsewhere = sessionHolder({ database: "reporting", state: "idle in transaction", xactAgeSeconds: 900, age: 9_000 });
    const logical = { kind: "slot", name: "cdc", active: false, catalogOnly: true, age: 2_000_000 } as const;
    const overrides = {
      "pg.tables": { tables: [stuck] },
      "pg.vacuum": { holders: [elsewhere, logical] },
      "pg.databases": { databases: quiet },
    };
    assert.equal(judged(vacuumHeldBack, overrides), "clear");
  });

  it("tells a slot, a standby and a prepared transaction apart", () => {
    const holders = [
      { kind: "slot", name: "standby_2", active: false, catalogOnly: false, age: 90_000 },
      { kind: "standby", application: "reports", client: "10.0.0.7", age: 80_000 },
      { kind: "prepared-transaction", gid: "payout-1", database: "orders", ageSeconds: 5_000, age: 70_000 },
    ] as const;
    for (const holder of holders) {
      const overrides = { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders: [holder] }, "pg.databases": { databases: quiet } };
      assert.equal(firstFound(vacuumHeldBack, overrides).object?.kind, holder.kind);
    }
  });

  it("does not blame a standby whose horizon moved on since the vacuum", () => {
    const holders = [{ kind: "standby", application: "standby1", client: "10.0.0.6", age: 40 } as const];
    assert.equal(judged(vacuumHeldBack, { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders } }), "clear");
  });

  it("names each of two holders that are about equally old, but of one client's sessions only the oldest", () => {
    const holders = [
      parked,
      sessionHolder({ pid: 4712, state: "idle in transaction", xactAgeSeconds: 800, age: 4_900 }),
      { kind: "prepared-transaction", gid: "payout-1", database: "orders", ageSeconds: 5_000, age: 4_000 } as const,
      sessionHolder({ pid: 4713, application: "reports", state: "idle in transaction", xactAgeSeconds: 100, age: 200 }),
    ];
    assert.deepEqual(judged(vacuumHeldBack, { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders } }), [
      "warning pid 4711",
      "warning payout-1",
    ]);
  });

  it("finds a horizon that is half of autovacuum_freeze_max_age old without any dead row", () => {
    const at = (age: number) => judged(vacuumHeldBack, { "pg.vacuum": { holders: [sessionHolder({ xactAgeSeconds: 40_000, age })] } });
    assert.deepEqual(at(100_000_000), ["warning pid 4711"]);
    assert.equal(at(99_999_999), "clear");
  });

  it("advises only while a statement may still be a report that ends by itself", () => {
    const running = sessionHolder({ state: "active", xactAgeSeconds: 120, age: 5_000 });
    assert.deepEqual(judged(vacuumHeldBack, { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders: [running] } }), [
      "advice pid 4711",
    ]);
    const long = sessionHolder({ state: "active", xactAgeSeconds: 700, age: 5_000 });
    assert.deepEqual(judged(vacuumHeldBack, { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders: [long] } }), ["warning pid 4711"]);
  });

  it("does not take a vacuum for a holder", () => {
    const running = [
      {
        pid: 4711,
        backendStart: ago(3_600),
        relation: null,
        database: "orders",
        automatic: false,
        toPreventWraparound: false,
        phase: "scanning heap",
        seconds: 900,
        scannedRatio: 0.5,
        waitEvent: null,
      },
    ];
    assert.equal(judged(vacuumHeldBack, { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders: [parked], running } }), "clear");
  });

  it("never speaks of small tables", () => {
    const small = table({ ...stuck, deadRows: 9_999, vacuumThresholdRows: 50 });
    const tiny = table({ ...stuck, deadRows: 99_999, vacuumThresholdRows: 50, sizeBytes: 8 * 1_048_576 - 8_192 });
    assert.equal(judged(vacuumHeldBack, { "pg.tables": { tables: [small, tiny] }, "pg.vacuum": { holders: [parked] } }), "clear");
  });

  it("is undecided when rows are stuck and the holders are hidden, and when vacuum was not seen", () => {
    const hidden = { "pg.tables": { tables: [stuck] }, "pg.vacuum": { holders: [], holdersVisible: false } };
    assert.equal(judged(vacuumHeldBack, hidden), "undecided: no-permission");
    assert.equal(judged(vacuumHeldBack, { "pg.vacuum": unseen("timed-out") }), "undecided: timed-out");
    assert.equal(judged(vacuumHeldBack, { "pg.replication": { slots: [replicationSlot()] } }), "clear");
  });
});
