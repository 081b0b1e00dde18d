import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { database, sessionHolder, table, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { wraparoundNear } from "./pg-wraparound-near.ts";

const at = (freezeAge: number, freezeMaxAge = 200_000_000) =>
  judged(wraparoundNear, { "pg.databases": { databases: [database({ freezeAge })] }, "pg.vacuum": { freezeMaxAge } });

describe("pg-wraparound-near", () => {
  it("finds a database that autovacuum has failed to freeze for twice its limit, and its oldest table", () => {
    const overrides = {
      "pg.databases": { databases: [database({ freezeAge: 700_000_000 })] },
      "pg.tables": { tables: [table(), table({ name: "ledger", freezeAge: 700_000_000 })] },
    };
    assert.deepEqual(judged(wraparoundNear, overrides), ["warning orders"]);
    assert.equal(firstFound(wraparoundNear, overrides).facts["oldestTable"], "public.ledger");
  });

  it("is clear right up to twice the limit, where autovacuum is at work everyday", () => {
    assert.equal(at(399_999_999), "clear");
    assert.deepEqual(at(400_000_000), ["warning orders"]);
  });

  it("is critical from PostgreSQL's own failsafe age on, whatever the limit", () => {
    assert.deepEqual(at(1_600_000_000), ["critical orders"]);
    assert.deepEqual(at(1_600_000_000, 1_500_000_000), ["critical orders"]);
    assert.equal(at(1_550_000_000, 1_500_000_000), "clear");
  });

  it("is clear when an old snapshot is the reason", () => {
    const overrides = {
      "pg.databases": { databases: [database({ freezeAge: 700_000_000 })] },
      "pg.vacuum": { holders: [sessionHolder({ xactAgeSeconds: 90_000, age: 690_000_000 })] },
    };
    assert.equal(judged(wraparoundNear, overrides), "clear");
  });

  it("names one of several, and no template where another is as old", () => {
    const databases = [
      database({ name: "template1", isTemplate: true, freezeAge: 700_000_000 }),
      database({ freezeAge: 700_000_000 }),
      database({ name: "postgres", freezeAge: 500_000_000 }),
    ];
    assert.deepEqual(judged(wraparoundNear, { "pg.databases": { databases } }), ["warning orders"]);
    assert.deepEqual(firstFound(wraparoundNear, { "pg.databases": { databases } }).facts["databases"], ["template1", "orders", "postgres"]);
  });

  it("is undecided without vacuum's settings", () => {
    assert.equal(judged(wraparoundNear, { "pg.vacuum": unseen("failed") }), "undecided: failed");
  });
});
