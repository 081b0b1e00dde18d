import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { database, sessionHolder, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { freezeHeldBack } from "./pg-freeze-held-back.ts";

const old = (age: number) => sessionHolder({ state: "idle in transaction", xactAgeSeconds: 400_000, age });

describe("pg-freeze-held-back", () => {
  it("names the holder when its snapshot alone keeps the database from being frozen", () => {
    const overrides = {
      "pg.databases": { databases: [database({ freezeAge: 450_000_000 })] },
      "pg.vacuum": { holders: [old(430_000_000)] },
    };
    assert.deepEqual(judged(freezeHeldBack, overrides), ["warning pid 4711"]);
    assert.equal(firstFound(freezeHeldBack, overrides).facts["remainingTransactions"], 2 ** 31 - 450_000_000);
  });

  it("is critical from PostgreSQL's own failsafe age on", () => {
    const at = (freezeAge: number) =>
      judged(freezeHeldBack, { "pg.databases": { databases: [database({ freezeAge })] }, "pg.vacuum": { holders: [old(430_000_000)] } });
    assert.deepEqual(at(1_599_999_999), ["warning pid 4711"]);
    assert.deepEqual(at(1_600_000_000), ["critical pid 4711"]);
  });

  it("is clear when the holder is younger than autovacuum_freeze_max_age: vacuum could freeze up to it", () => {
    const overrides = {
      "pg.databases": { databases: [database({ freezeAge: 450_000_000 })] },
      "pg.vacuum": { holders: [old(199_999_999)] },
    };
    assert.equal(judged(freezeHeldBack, overrides), "clear");
  });

  it("names a session of another database, too: the shared catalogs belong to all", () => {
    const overrides = {
      "pg.databases": { databases: [database({ name: "archive", freezeAge: 450_000_000 })] },
      "pg.vacuum": { holders: [old(430_000_000)] },
    };
    assert.deepEqual(judged(freezeHeldBack, overrides), ["warning pid 4711"]);
  });

  it("counts a logical slot: it keeps the catalogs from being frozen", () => {
    const holders = [{ kind: "slot", name: "cdc", active: false, catalogOnly: true, age: 500_000_000 } as const];
    const overrides = { "pg.databases": { databases: [database({ freezeAge: 510_000_000 })] }, "pg.vacuum": { holders } };
    assert.deepEqual(judged(freezeHeldBack, overrides), ["warning cdc"]);
  });

  it("is undecided without the databases' ages", () => {
    assert.equal(judged(freezeHeldBack, { "pg.databases": unseen("timed-out") }), "undecided: timed-out");
  });
});
