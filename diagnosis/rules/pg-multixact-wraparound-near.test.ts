import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { database, unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { multixactWraparoundNear } from "./pg-multixact-wraparound-near.ts";

const at = (multixactAge: number) => judged(multixactWraparoundNear, { "pg.databases": { databases: [database({ multixactAge })] } });

describe("pg-multixact-wraparound-near", () => {
  it("warns at twice the limit and is critical at the failsafe age", () => {
    assert.deepEqual(at(800_000_000), ["warning orders"]);
    assert.deepEqual(at(1_700_000_000), ["critical orders"]);
  });

  it("is clear just below, and for the healthy example", () => {
    assert.equal(at(799_999_999), "clear");
    assert.equal(judged(multixactWraparoundNear), "clear");
  });

  it("names the oldest of several, and no template where another is as old", () => {
    const databases = [
      database({ name: "postgres", multixactAge: 850_000_000 }),
      database({ name: "template1", isTemplate: true, multixactAge: 900_000_000 }),
      database({ multixactAge: 900_000_000 }),
    ];
    assert.deepEqual(judged(multixactWraparoundNear, { "pg.databases": { databases } }), ["warning orders"]);
  });

  it("is undecided without the databases' ages", () => {
    assert.equal(judged(multixactWraparoundNear, { "pg.databases": unseen("no-permission") }), "undecided: no-permission");
  });
});
