import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlStateOf, whereAllowed } from "./where-allowed.ts";

const refusal = (code: string) => Object.assign(new Error("refused"), { code });

describe("a part that may be forbidden", () => {
  it("is null where the role may not see it", async () => {
    assert.equal(await whereAllowed(() => Promise.reject(refusal("42501"))), null);
    assert.equal(await whereAllowed(async () => 7), 7);
  });

  it("still fails where something else is wrong", async () => {
    await assert.rejects(
      whereAllowed(() => Promise.reject(refusal("57014"))),
      { code: "57014" },
    );
  });

  it("finds the server's code below errors of ours, and takes no code of Node's for one", () => {
    assert.equal(sqlStateOf(new Error("ours", { cause: refusal("55P03") })), "55P03");
    assert.equal(sqlStateOf(Object.assign(new Error("reset"), { code: "ECONNRESET" })), null);
    assert.equal(sqlStateOf("42501"), null);
  });
});
