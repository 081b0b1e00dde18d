import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const key = (usedRatio: number) =>
  diagnosed({
    "pg.sequences": {
      keys: [{ schema: "public", name: "events", column: "id", type: "integer", highest: 2_000_000_000, limit: 2_147_483_647, usedRatio }],
    },
  });

describe("integer-key-near-limit", () => {
  it("is claimed for the column", () => {
    assert.deepEqual(causesOf(key(0.93)), ["warning integer-key-near-limit: public.events.id"]);
    assert.match(firstCause(key(0.93)).advice[0] ?? "", /alter table public\.events alter column id type bigint;/);
  });

  it("is not claimed at half of the way", () => {
    assert.deepEqual(causesOf(key(0.5)), []);
  });
});
