import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, firstCause } from "../judged.ts";

describe("role-missing", () => {
  it("is the one cause of that refusal, with its object, and leaves nothing unexplained", () => {
    const diagnosis = diagnose(refusedSnapshot({ sqlState: "28000", role: "app", message: 'role "app" does not exist' }));
    assert.deepEqual(causesOf(diagnosis), ["critical role-missing: app"]);
    assert.deepEqual(diagnosis.unexplained, []);
    assert.equal(diagnosis.verdict, "problems");
    assert.match(firstCause(diagnosis).advice.join(" "), /create role app login;/);
  });

  it("is not claimed for a refusal that only looks like it", () => {
    const ids = diagnose(
      refusedSnapshot({ sqlState: "28P01", role: "app", message: 'password authentication failed for user "app"' }),
    ).causes.map(({ id }) => id);
    assert.deepEqual(ids, ["wrong-password"]);
  });
});
