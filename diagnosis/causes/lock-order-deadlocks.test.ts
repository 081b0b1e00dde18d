import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { database } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("lock-order-deadlocks", () => {
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
  const deadlocks = (count: number) => ({ "pg.databases": { databases: [database({ deadlocksInWindow: count })] } });

  it("names the database, and explains the few waits that deadlocks make", () => {
    const diagnosis = diagnosed({ ...deadlocks(8), ...contention(60) });
    assert.deepEqual(causesOf(diagnosis), ["warning lock-order-deadlocks: orders"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-lock-contention:public.stock"]);
  });

  it("does not explain a queue for one row by a single deadlock", () => {
    const diagnosis = diagnosed({ ...deadlocks(1), ...contention(60) });
    assert.deepEqual(
      diagnosis.causes.map(({ id }) => id),
      ["lock-order-deadlocks", "hot-row-contention"],
    );
  });

  it("is not claimed for the deadlocks of last month", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.databases": { databases: [database({ deadlocksTotal: 5_000 })] } })), []);
  });
});
