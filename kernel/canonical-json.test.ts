import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { canonicalJson } from "./canonical-json.ts";

describe("canonical JSON", () => {
  it("is the same for the same value in any order of keys, and stays the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const reversed: unknown = JSON.parse(JSON.stringify(value), (_key, one: unknown) =>
          typeof one === "object" && one !== null && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).toReversed()) : one,
        );
        assert.equal(canonicalJson(reversed), canonicalJson(value));
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("tells different values apart", () => {
    const values = [null, 0, "0", "", [], {}, [null], { a: 1 }, { a: "1" }, { b: 1 }, [1, 2], [2, 1], { a: { b: 1 } }, true, "true"];
    assert.equal(new Set(values.map(canonicalJson)).size, values.length);
    assert.equal(canonicalJson({ b: 1n, a: undefined }), '{"b":"1"}');
    assert.equal(canonicalJson(undefined), "null");
  });
});
