import assert from "node:assert/strict";
import { test } from "node:test";
import { recogniseComplaint } from "./complaint.ts";

const QUOTED: readonly (readonly [string, readonly string[]])[] = [
  ["Checkout returns 500s. The log says: FATAL: sorry, too many clients already", ["53300"]],
  ["remaining connection slots are reserved for roles with the SUPERUSER attribute", ["53300"]],
  ['FATAL:  too many connections for role "app"', ["53300"]],
  ["ERROR: cannot execute INSERT in a read-only transaction", ["25006"]],
  ["cannot execute nextval() in a read-only transaction", ["25006"]],
  ["org.postgresql.util.PSQLException: SQLSTATE[40P01]", ["40P01"]],
  ["error: { code: '25006' }", ["25006"]],
  ['password authentication failed for user "app"', ["28P01"]],
  ["connect ECONNREFUSED 10.0.0.5:5432", ["08001"]],
  ["server closed the connection unexpectedly", ["08006"]],
  ["ERROR: deadlock detected, and later canceling statement due to statement timeout", ["40P01", "57014"]],
  ["the database system is in recovery mode", ["57P03"]],
];

for (const [text, states] of QUOTED) {
  test(`a complaint that quotes "${text}" is recognised as ${states.join(" and ")}`, () => {
    assert.deepEqual(recogniseComplaint(text).sqlStates, states);
  });
}

test("a complaint in plain words names no SQLSTATE", () => {
  for (const text of ["The shop is slow since this morning", "", "we have too many orders", "error code: paper", "53300 orders wait"]) {
    assert.deepEqual(recogniseComplaint(text).sqlStates, [], text);
  }
});

test("the text is kept as data: capped, and without control characters", () => {
  const { text } = recogniseComplaint(`slow\u0000\u001b[31m${"x".repeat(5000)}`);
  assert.equal(text.length, 2000);
  assert.doesNotMatch(text, /[\u0000-\u0008\u001b]/);
});
