import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sequence } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const full = { usedRatio: 0.97, lastValue: 2_080_000_000, remaining: 67_483_647 };
const with_ = (more: Parameters<typeof sequence>[0]) => diagnosed({ "pg.sequences": { sequences: [sequence({ ...full, ...more })] } });

describe("sequence-exhausted", () => {
  it("is claimed for the sequence, with the statements for its column", () => {
    assert.deepEqual(causesOf(with_({})), ["warning sequence-exhausted: public.orders_id_seq"]);
    assert.match(
      firstCause(with_({})).advice[0] ?? "",
      /alter table public\.orders alter column id type bigint; alter sequence public\.orders_id_seq as bigint;/,
    );
  });

  it("widens the sequence alone where the column is wide enough, or is not known", () => {
    const wide = firstCause(with_({ column: { schema: "public", name: "orders", column: "id", type: "bigint" } }));
    assert.match(wide.advice[0] ?? "", /^alter sequence public\.orders_id_seq as bigint; its column .* is bigint already/);
    assert.match(firstCause(with_({ column: null })).advice[0] ?? "", /check what its values are stored in/);
  });

  it("lifts the sequence's own bound where that ends it: a wider type would change nothing", () => {
    const bounded = { limit: 9_999, lastValue: 9_998, remaining: 1, column: null, type: "bigint" };
    assert.match(firstCause(with_(bounded)).advice.join(" "), /^Its own MAXVALUE .* alter sequence public\.orders_id_seq no maxvalue;$/);
    assert.match(firstCause(with_({ ...bounded, limit: -9_999, increment: -1 })).advice.join(" "), /no minvalue;$/);
  });

  it("is not claimed at half of the way", () => {
    assert.deepEqual(causesOf(with_({ usedRatio: 0.6, remaining: 900_000_000 })), []);
  });
});
