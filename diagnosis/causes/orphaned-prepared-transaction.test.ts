import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, lockTree, lockWaiter } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("orphaned-prepared-transaction", () => {
  const transactions = [{ gid: "b'1", owner: "app", database: "orders", preparedAt: ago(4_000), ageSeconds: 4_000, xidAge: 90 }];
  const root = { kind: "prepared-transaction", gid: "b'1", owner: "app", database: "orders", ageSeconds: 4_000 } as const;

  it("names the transaction, who waits for it, and how to end it", () => {
    const diagnosis = diagnosed({
      "pg.prepared": { max: 10, transactions },
      "pg.locks": { waiting: 1, trees: [lockTree(root, [lockWaiter({ blockedBy: [0] })])] },
    });
    assert.deepEqual(causesOf(diagnosis), ["critical orphaned-prepared-transaction: b'1"]);
    assert.match(firstCause(diagnosis).summary, /blocks 1 session, the longest for 42 s/);
    assert.match(firstCause(diagnosis).advice.join(" "), /rollback prepared 'b''1';/);
  });

  it("explains a root that was not found among them", () => {
    const tree = lockTree({ kind: "unknown", pid: 0 }, [lockWaiter({ blockedBy: [0] })]);
    const diagnosis = diagnosed({ "pg.prepared": { max: 10, transactions }, "pg.locks": { waiting: 1, trees: [tree] } });
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-lock-root-unknown"]);
  });

  it("is not claimed for a young one that blocks nobody", () => {
    const young = transactions.map((one) => ({ ...one, ageSeconds: 30 }));
    assert.deepEqual(causesOf(diagnosed({ "pg.prepared": { max: 10, transactions: young } })), []);
  });
});
