import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { integerKeyNearLimit } from "./pg-integer-key-near-limit.ts";

const at = (usedRatio: number) =>
  judged(integerKeyNearLimit, {
    "pg.sequences": {
      keys: [
        {
          schema: "public",
          name: "events",
          column: "id",
          type: "integer",
          highest: Math.round(usedRatio * 2_147_483_647),
          limit: 2_147_483_647,
          usedRatio,
        },
      ],
    },
  });

describe("pg-integer-key-near-limit", () => {
  it("advises from three quarters, and warns from nine tenths on", () => {
    assert.equal(at(0.7499), "clear");
    assert.deepEqual(at(0.75), ["advice public.events.id"]);
    assert.deepEqual(at(0.8999), ["advice public.events.id"]);
    assert.deepEqual(at(0.9), ["warning public.events.id"]);
  });

  it("is undecided without the sequences", () => {
    assert.equal(judged(integerKeyNearLimit, { "pg.sequences": unseen("timed-out") }), "undecided: timed-out");
  });
});
