import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, firstCause } from "../judged.ts";

describe("server-down", () => {
  it("is the one cause of that refusal, with its object, and leaves nothing unexplained", () => {
    const diagnosis = diagnose(refusedSnapshot({ errorCode: "ECONNREFUSED" }));
    assert.deepEqual(causesOf(diagnosis), ["critical server-down: db1.example.com:5432"]);
    assert.deepEqual(diagnosis.unexplained, []);
    assert.equal(diagnosis.verdict, "problems");
    assert.match(firstCause(diagnosis).advice.join(" "), /systemctl status/);
  });

  it("is not claimed for a refusal that only looks like it", () => {
    const ids = diagnose(refusedSnapshot({ errorCode: "ETIMEDOUT" })).causes.map(({ id }) => id);
    assert.deepEqual(ids, ["port-unreachable"]);
  });
});
