import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, database, parkedSession, replicationSlot, sessionGroup, sessionHolder, table } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const stuck = table({
  deadRows: 300_000,
  vacuumThresholdRows: 100_000,
  lastAutovacuum: ago(60),
  lastAutoanalyze: ago(58),
  modifiedSinceAnalyze: 0,
  rowsUpdatedPerSecond: 0,
  rowsDeletedPerSecond: 0,
});
const idle = { state: "idle in transaction", xactAgeSeconds: 900, age: 5_000 } as const;
const held = (holders: Parameters<typeof sessionHolder>[0][]) => ({
  "pg.tables": { tables: [stuck] },
  "pg.vacuum": { holders: holders.map((one) => sessionHolder({ ...idle, ...one })) },
});

describe("vacuum-held-back", () => {
  it("is claimed with the session as its object, dead rows under it, and autovacuum's own faults ruled out", () => {
    const cause = firstCause(diagnosed(held([{}])));
    assert.equal(cause.id, "vacuum-held-back");
    assert.equal(cause.object?.kind === "session" && cause.object.pid, 4711);
    assert.deepEqual(cause.explains, ["pg-dead-rows:public.orders"]);
    const ruledOut = cause.ruledOut.map(({ id }) => id);
    for (const id of ["autovacuum-disabled", "autovacuum-too-slow"]) assert.ok(ruledOut.includes(id), id);
  });

  it("offers to end an idle session, and to cancel an active one first", () => {
    const tools = (one: Parameters<typeof sessionHolder>[0]) => firstCause(diagnosed(held([one]))).remedies.map(({ tool }) => tool);
    assert.deepEqual(tools({}), ["pg_terminate_session"]);
    assert.deepEqual(tools({ state: "active" }), ["pg_cancel_query", "pg_terminate_session"]);
  });

  it("never offers to end a backup", () => {
    const cause = firstCause(diagnosed(held([{ application: "pg_dump", state: "active" }])));
    assert.deepEqual(cause.remedies, []);
    assert.match(cause.advice[0] ?? "", /let it finish/);
  });

  it("prints the SQL that ends each other kind of holder, with its name quoted", () => {
    const quiet = [database({ commitsPerSecond: 0 })];
    const holders = [
      [{ kind: "prepared-transaction", gid: "o'hara", database: "orders", ageSeconds: 90, age: 9 }, /rollback prepared 'o''hara';/],
      [{ kind: "slot", name: "standby_2", active: false, catalogOnly: false, age: 9 }, /pg_drop_replication_slot\('standby_2'\)/],
      [{ kind: "slot", name: "standby_2", active: true, catalogOnly: false, age: 9 }, /hot_standby_feedback = off/],
      [{ kind: "standby", application: "reports", client: null, age: 9 }, /standby "reports".*hot_standby_feedback = off/],
    ] as const;
    for (const [holder, says] of holders) {
      const diagnosis = diagnosed({
        "pg.tables": { tables: [stuck] },
        "pg.vacuum": { holders: [holder] },
        "pg.databases": { databases: quiet },
      });
      assert.deepEqual(causesOf(diagnosis).length, 1);
      assert.match(firstCause(diagnosis).advice.join("\n"), says);
      assert.deepEqual(firstCause(diagnosis).remedies, []);
    }
  });

  it("explains a freeze that waits for the same holder, and takes its severity", () => {
    const diagnosis = diagnosed({
      "pg.vacuum": { holders: [sessionHolder({ ...idle, age: 1_690_000_000 })] },
      "pg.databases": { databases: [database({ freezeAge: 1_700_000_000 })] },
    });
    assert.deepEqual(causesOf(diagnosis), ["critical vacuum-held-back: pid 4711"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-freeze-held-back:pid 4711"]);
  });

  it("stands under the leaking pool whose session it is", () => {
    const group = sessionGroup({ total: 40, idleInTransaction: 38, longestIdleInTransactionSeconds: 900, oldestXactSeconds: 900 });
    const parked = parkedSession(900, { pid: 4711 });
    const diagnosis = diagnosed({
      ...held([{}]),
      "pg.sessions": {
        total: 40,
        idleInTransaction: 38,
        groups: [group],
        oldestTransactions: [parked],
        idleInTransactionSessions: [parked],
      },
    });
    assert.equal(causesOf(diagnosis).length, 1);
    assert.equal(firstCause(diagnosis).id, "leaked-transactions");
    assert.ok(firstCause(diagnosis).explains.includes("pg-vacuum-held-back:pid 4711"));
  });

  it("is a second cause beside a leaking pool, when a slot is the holder", () => {
    const group = sessionGroup({ total: 40, idleInTransaction: 38, longestIdleInTransactionSeconds: 900, oldestXactSeconds: 900 });
    const parked = parkedSession(900, { pid: 4711 });
    const diagnosis = diagnosed({
      "pg.tables": { tables: [stuck] },
      "pg.vacuum": { holders: [{ kind: "slot", name: "standby_2", active: false, catalogOnly: false, age: 90_000 }] },
      "pg.replication": { slots: [replicationSlot()] },
      "pg.sessions": {
        total: 40,
        idleInTransaction: 38,
        groups: [group],
        oldestTransactions: [parked],
        idleInTransactionSessions: [parked],
      },
    });
    assert.deepEqual(
      causesOf(diagnosis)
        .map((line) => line.split(":")[0])
        .toSorted(),
      ["warning leaked-transactions", "warning vacuum-held-back"],
    );
  });

  it("is not claimed when dead rows are simply many", () => {
    const many = table({ ...stuck, lastAutovacuum: ago(90_000), lastAutoanalyze: ago(90_000), modifiedSinceAnalyze: 300_000 });
    assert.deepEqual(causesOf(diagnosed({ "pg.tables": { tables: [many] }, "pg.vacuum": { holders: [sessionHolder(idle)] } })), []);
  });
});
