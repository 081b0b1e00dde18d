import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { database } from "../example.ts";
import { causesOf, diagnosed } from "../judged.ts";

const at = (multixactAge: number) => causesOf(diagnosed({ "pg.databases": { databases: [database({ multixactAge })] } }));

describe("multixact-wraparound-near", () => {
  it("is claimed for the database", () => {
    assert.deepEqual(at(1_700_000_000), ["critical multixact-wraparound-near: orders"]);
  });

  it("is not claimed where autovacuum's work is merely due", () => {
    assert.deepEqual(at(500_000_000), []);
  });
});
