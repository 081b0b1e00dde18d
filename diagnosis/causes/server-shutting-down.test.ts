import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, firstCause } from "../judged.ts";

describe("server-shutting-down", () => {
  it("is the one cause of that refusal, with its object, and leaves nothing unexplained", () => {
    const diagnosis = diagnose(refusedSnapshot({ sqlState: "57P03", message: "the database system is shutting down" }));
    assert.deepEqual(causesOf(diagnosis), ["critical server-shutting-down: db1.example.com:5432"]);
    assert.deepEqual(diagnosis.unexplained, []);
    assert.equal(diagnosis.verdict, "problems");
    assert.match(firstCause(diagnosis).advice.join(" "), /pg_ctl stop -m fast/);
  });

  it("is not claimed for a refusal that only looks like it", () => {
    const ids = diagnose(refusedSnapshot({ sqlState: "57P03", message: "the database system is starting up" })).causes.map(({ id }) => id);
    assert.deepEqual(ids, ["server-starting-or-recovering"]);
  });
});
