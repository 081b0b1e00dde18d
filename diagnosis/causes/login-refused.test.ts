import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, firstCause } from "../judged.ts";

describe("login-refused", () => {
  it("is the one cause of that refusal, with its object, and leaves nothing unexplained", () => {
    const diagnosis = diagnose(refusedSnapshot({ sqlState: "28000", role: "app", message: 'role "app" is not permitted to log in' }));
    assert.deepEqual(causesOf(diagnosis), ["critical login-refused: db1.example.com:5432"]);
    assert.deepEqual(diagnosis.unexplained, []);
    assert.equal(diagnosis.verdict, "problems");
    assert.match(firstCause(diagnosis).advice.join(" "), /alter role app login;/);
  });

  it("is not claimed for a refusal that only looks like it", () => {
    const ids = diagnose(refusedSnapshot({ sqlState: "28000", role: "app", message: 'role "app" does not exist' })).causes.map(
      ({ id }) => id,
    );
    assert.deepEqual(ids, ["role-missing"]);
  });
});
