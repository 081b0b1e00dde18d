import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, lockTree, lockWaiter, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { preparedTransactionLeftBehind } from "./pg-prepared-transaction-left-behind.ts";

const prepared = (ageSeconds: number) => ({
  "pg.prepared": {
    max: 10,
    transactions: [{ gid: "b-1", owner: "app", database: "orders", preparedAt: ago(ageSeconds), ageSeconds, xidAge: 90 }],
  },
});
const blocking = (gid: string, waitSeconds = 8) => ({
  "pg.locks": {
    waiting: 1,
    trees: [
      lockTree({ kind: "prepared-transaction", gid, owner: "app", database: "orders", ageSeconds: 60 }, [
        lockWaiter({ blockedBy: [0], waitSeconds }),
      ]),
    ],
  },
});

describe("pg-prepared-transaction-left-behind", () => {
  it("finds one that is ten minutes old, though it blocks nobody", () => {
    assert.deepEqual(judged(preparedTransactionLeftBehind, prepared(600)), ["warning b-1"]);
  });

  it("finds a young one that blocks somebody, and says whom it keeps waiting", () => {
    const overrides = { ...prepared(60), ...blocking("b-1") };
    assert.deepEqual(judged(preparedTransactionLeftBehind, overrides), ["warning b-1"]);
    assert.match(
      firstFound(preparedTransactionLeftBehind, overrides).summary,
      /'b-1' of role app in database orders .* blocks 1 session, the longest for 8 s/,
    );
    assert.deepEqual(judged(preparedTransactionLeftBehind, { ...prepared(60), ...blocking("b-1", 30) }), ["critical b-1"]);
  });

  it("is clear for one on its way to the second phase, and where another blocks", () => {
    assert.equal(judged(preparedTransactionLeftBehind, prepared(599)), "clear");
    assert.equal(judged(preparedTransactionLeftBehind, { ...prepared(60), ...blocking("b-2") }), "clear");
    assert.equal(clearText(preparedTransactionLeftBehind), "there are no prepared transactions");
  });

  it("is undecided when prepared transactions were not seen, and does without locks", () => {
    assert.equal(judged(preparedTransactionLeftBehind, { "pg.prepared": unseen("timed-out") }), "undecided: timed-out");
    assert.deepEqual(judged(preparedTransactionLeftBehind, { ...prepared(600), "pg.locks": unseen("timed-out") }), ["warning b-1"]);
  });
});
