import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, parkedSession } from "../example.ts";
import { causesOf, diagnosed } from "../judged.ts";

describe("hot-row-contention", () => {
  const contention = (distinctWaits: number) => ({
    "pg.waits": {
      averageActive: 13,
      lockWaits: [
        {
          event: "transactionid",
          averageSessions: 12,
          distinctWaits,
          longestWaitSeconds: 1,
          relation: { schema: "public", name: "stock" },
        },
      ],
    },
  });

  it("names the table, and no session", () => {
    assert.deepEqual(causesOf(diagnosed(contention(60))), ["warning hot-row-contention: public.stock"]);
  });

  it("is advice, and the server healthy, while the waits are short", () => {
    const diagnosis = diagnosed(contention(300));
    assert.deepEqual(causesOf(diagnosis), ["advice hot-row-contention: public.stock"]);
    assert.equal(diagnosis.verdict, "healthy");
  });

  it("is not claimed where one session stands at the root", () => {
    const tree = lockTree(parkedSession(60), [lockWaiter()], { blocked: 12 });
    const diagnosis = diagnosed({ ...contention(60), "pg.locks": { waiting: 12, trees: [tree] } });
    assert.deepEqual(causesOf(diagnosis), ["critical idle-transaction-blocks: pid 4711"]);
  });
});
