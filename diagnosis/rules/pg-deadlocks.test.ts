import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { database, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { deadlocks } from "./pg-deadlocks.ts";

const now = { "pg.databases": { databases: [database({ deadlocksInWindow: 2, deadlocksTotal: 90 })] } };

describe("pg-deadlocks", () => {
  it("names the database in which they happen now", () => {
    assert.deepEqual(judged(deadlocks, now), ["warning orders"]);
    assert.equal(firstFound(deadlocks, now).summary, "2 deadlocks in database orders within 3 s");
  });

  it("adds who waits for each other, and finds that alone, too", () => {
    const cycle = { "pg.locks": { cycles: [[5002, 5001]] } };
    assert.match(firstFound(deadlocks, { ...now, ...cycle }).summary, /sessions 5001, 5002 wait for each other right now/);
    assert.deepEqual(judged(deadlocks, cycle), ["warning (server)"]);
  });

  it("is clear for those of last month", () => {
    assert.equal(judged(deadlocks, { "pg.databases": { databases: [database({ deadlocksTotal: 9_000 })] } }), "clear");
    assert.equal(clearText(deadlocks), "no deadlock within 3 s");
  });

  it("is undecided when counters were not seen", () => {
    assert.equal(judged(deadlocks, { "pg.databases": unseen("timed-out") }), "undecided: timed-out");
  });
});
