import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { databaseMissing } from "./pg-database-missing.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-database-missing", () => {
  it("names the database", () => {
    assert.deepEqual(judged(databaseMissing, refused({ sqlState: "3D000", database: "shop", message: 'database "shop" does not exist' })), [
      "critical shop",
    ]);
    assert.match(
      firstFound(databaseMissing, refused({ sqlState: "3D000", database: "shop", message: 'database "shop" does not exist' })).summary,
      /the server has no database shop/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(databaseMissing), "clear");
    assert.equal(judged(databaseMissing, refused({ sqlState: "28000", message: 'role "app" does not exist' })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(databaseMissing, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
