import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { DiagnosedCause, DiagnosedRemedy } from "../diagnosis/diagnosis.ts";
import { exampleDiagnosis, exampleSnapshot } from "../test/report-example.ts";
import { nextRemedies, remedyKey } from "./remedy.ts";

const terminate = (pid: number): DiagnosedRemedy => ({
  tool: "pg_terminate_session",
  effect: "destroy",
  say: "End it",
  arguments: { pid, backendStart: "2026-03-14T08:52:02.123456Z" },
});
const cancel: DiagnosedRemedy = {
  tool: "pg_cancel_query",
  effect: "write",
  say: "Cancel it",
  arguments: { pid: 1, backendStart: "2026-03-14T08:00:00Z" },
};

function causeWith(object: DiagnosedCause["object"], remedies: DiagnosedRemedy[]): DiagnosedCause {
  const [cause] = exampleDiagnosis.causes;
  assert.ok(cause);
  return { ...cause, object, remedies };
}

suite("what to try next about a cause", () => {
  const session = { kind: "session" as const, pid: 4711, backendStart: "2026-03-14T08:52:02.123456Z" };

  test("is the gentlest kind of remedy, and the next kind when that did not help", () => {
    const cause = causeWith(session, [cancel, terminate(1)]);
    assert.deepEqual(nextRemedies(cause, exampleSnapshot, new Set()), [cancel]);
    assert.deepEqual(nextRemedies(cause, exampleSnapshot, new Set([remedyKey(cancel)])), [terminate(1)]);
    assert.deepEqual(nextRemedies(cause, exampleSnapshot, new Set([remedyKey(cancel), remedyKey(terminate(1))])), []);
  });

  test("is every parked session of the client, where the client is the trouble, each once", () => {
    const client = { kind: "client" as const, application: "checkout", role: "shop" };
    const sessions = exampleSnapshot.evidence["pg.sessions"];
    const leaker = sessions?.outcome === "seen" ? sessions.value.idleInTransactionSessions[0] : undefined;
    assert.ok(leaker && sessions?.outcome === "seen");
    const parked = [
      leaker,
      { ...leaker, pid: 4712 },
      { ...leaker, pid: 4713, role: "other" },
      { ...leaker, pid: 4714, stateAgeSeconds: 0.1 },
    ];
    const snapshot = {
      ...exampleSnapshot,
      evidence: { "pg.sessions": { ...sessions, value: { ...sessions.value, idleInTransactionSessions: parked } } },
    };
    const pids = (cause: DiagnosedCause) => nextRemedies(cause, snapshot, new Set()).map(({ arguments: { pid } }) => pid);
    assert.deepEqual(pids(causeWith(client, [terminate(4711)])), [4711, 4712]);
    assert.deepEqual(pids(causeWith(session, [terminate(4711)])), [4711]);
  });

  test("does not depend on the order in which arguments are written", () => {
    const { pid = 0, backendStart = "" } = cancel.arguments;
    assert.equal(remedyKey(cancel), remedyKey({ ...cancel, arguments: { backendStart, pid } }));
  });
});
