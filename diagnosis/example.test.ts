import assert from "node:assert/strict";
import { test } from "node:test";
import { diagnose } from "./diagnose.ts";
import { exampleSnapshot, unseen } from "./example.ts";

test("the healthy example is healthy: no cause, no finding, nothing undecided", () => {
  const diagnosis = diagnose(exampleSnapshot());
  assert.equal(diagnosis.verdict, "healthy");
  assert.deepEqual(diagnosis.causes, []);
  assert.deepEqual(diagnosis.findings, []);
  assert.deepEqual(diagnosis.undecided, []);
});

test("an override changes what it names and keeps the rest", () => {
  const snapshot = exampleSnapshot({ "pg.slots": { used: 90 }, "pg.wal": unseen("timed-out"), "pg.disk": null });
  const slots = snapshot.evidence["pg.slots"];
  assert.equal(slots?.outcome === "seen" && slots.value.used, 90);
  assert.equal(slots?.outcome === "seen" && slots.value.max, 100);
  assert.equal(snapshot.evidence["pg.wal"]?.outcome, "unseen");
  assert.equal(Object.hasOwn(snapshot.evidence, "pg.disk"), false);
});

test("an override that does not fit the schema is refused", () => {
  assert.throws(() => exampleSnapshot({ "pg.slots": { used: -1 } }));
});
