import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, parkedSession, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { lockContention } from "./pg-lock-contention.ts";

const relation = { schema: "public", name: "stock" };
const waits = (averageSessions: number, distinctWaits: number, averageActive = averageSessions + 1) => ({
  "pg.waits": {
    averageActive,
    lockWaits: [{ event: "transactionid", averageSessions, distinctWaits, longestWaitSeconds: 1, relation }],
    statements: [
      { queryId: "1", query: "update stock set n = n - 1 where id = $1", type: "Lock", event: "transactionid", averageSessions },
      { queryId: "2", query: "select 1", type: null, event: null, averageSessions: 1 },
    ],
  },
});

describe("pg-lock-contention", () => {
  it("names the table that most wait for, the mean wait and the statement, when waits are felt", () => {
    assert.deepEqual(judged(lockContention, waits(12, 60)), ["warning public.stock"]);
    const { facts } = firstFound(lockContention, waits(12, 60));
    assert.deepEqual(judged(lockContention, waits(6, 90)), ["warning public.stock"]);
    assert.deepEqual([facts["meanWaitMs"], facts["statements"]], [600, ["update stock set n = n - 1 where id = $1"]]);
  });

  it("is advice where waits are short, as in TPC-B on a small scale", () => {
    assert.deepEqual(judged(lockContention, waits(6, 91)), ["advice public.stock"]);
    assert.match(firstFound(lockContention, waits(6, 120)).summary, /120 waits of less than 200 ms within 3 s/);
  });

  it("is clear where short waits do not limit the throughput", () => {
    assert.equal(judged(lockContention, waits(6, 120, 13)), "clear");
  });

  it("is clear below three waiting sessions or ten waits", () => {
    assert.equal(judged(lockContention, waits(2.9, 60)), "clear");
    assert.equal(judged(lockContention, waits(3, 9)), "clear");
  });

  it("is clear where the same waits stand all the time, or a root stands", () => {
    assert.equal(judged(lockContention, waits(12, 14)), "clear");
    const root = { "pg.locks": { waiting: 12, trees: [lockTree(parkedSession(60), [lockWaiter()])] } };
    assert.equal(judged(lockContention, { ...waits(12, 60), ...root }), "clear");
  });

  it("does not count waits for tables or advisory locks", () => {
    const other = waits(12, 60);
    const lockWaits = other["pg.waits"].lockWaits.map((wait) => ({ ...wait, event: "relation" }));
    assert.equal(judged(lockContention, { "pg.waits": { ...other["pg.waits"], lockWaits } }), "clear");
  });

  it("is undecided when waits or locks were not seen", () => {
    assert.equal(judged(lockContention, { "pg.waits": unseen("timed-out") }), "undecided: timed-out");
    assert.equal(judged(lockContention, { ...waits(12, 60), "pg.locks": unseen("failed") }), "undecided: failed");
  });
});
