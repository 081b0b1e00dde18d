import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, firstCause } from "../judged.ts";

describe("database-missing", () => {
  it("is the one cause of that refusal, with its object, and leaves nothing unexplained", () => {
    const diagnosis = diagnose(refusedSnapshot({ sqlState: "3D000", database: "shop", message: 'database "shop" does not exist' }));
    assert.deepEqual(causesOf(diagnosis), ["critical database-missing: shop"]);
    assert.deepEqual(diagnosis.unexplained, []);
    assert.equal(diagnosis.verdict, "problems");
    assert.match(firstCause(diagnosis).advice.join(" "), /psql -l/);
  });

  it("is not claimed for a refusal that only looks like it", () => {
    const ids = diagnose(
      refusedSnapshot({ sqlState: "42501", database: "shop", message: 'permission denied for database "shop"' }),
    ).causes.map(({ id }) => id);
    assert.deepEqual(ids, ["login-refused"]);
  });
});
