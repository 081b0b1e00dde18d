import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { database, sessionHolder } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const old = { "pg.databases": { databases: [database({ freezeAge: 700_000_000 })] } };

describe("wraparound-near", () => {
  it("is claimed for the database, with the table to begin with", () => {
    const diagnosis = diagnosed(old);
    assert.deepEqual(causesOf(diagnosis), ["warning wraparound-near: orders"]);
    assert.match(firstCause(diagnosis).advice[0] ?? "", /beginning with public\.orders/);
  });

  it("gives way to the holder that keeps vacuum from freezing", () => {
    const holders = [sessionHolder({ state: "idle in transaction", xactAgeSeconds: 90_000, age: 690_000_000 })];
    assert.deepEqual(causesOf(diagnosed({ ...old, "pg.vacuum": { holders } })), ["warning vacuum-held-back: pid 4711"]);
  });

  it("is not claimed where autovacuum's work is merely due", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.databases": { databases: [database({ freezeAge: 250_000_000 })] } })), []);
  });
});
