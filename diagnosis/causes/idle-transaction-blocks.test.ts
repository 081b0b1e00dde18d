import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, parkedSession } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("idle-transaction-blocks", () => {
  const chain = [lockWaiter(), lockWaiter({ session: { pid: 5002 }, blockedBy: [5001], depth: 2 })];
  const locks = (root: ReturnType<typeof parkedSession>) => ({ "pg.locks": { waiting: 2, trees: [lockTree(root, chain)] } });

  it("names the root of the chain, and ends it: a cancel would do nothing", () => {
    const diagnosis = diagnosed(locks(parkedSession(60)));
    assert.deepEqual(causesOf(diagnosis), ["critical idle-transaction-blocks: pid 4711"]);
    assert.deepEqual(
      firstCause(diagnosis).remedies.map(({ tool, arguments: { pid, backendStart } }) => [tool, pid, typeof backendStart]),
      [["pg_terminate_session", 4711, "string"]],
    );
  });

  it("says that ending one of two holders does not free those who wait for both", () => {
    const both = [lockWaiter({ blockedBy: [4711, 4712] })];
    const trees = [lockTree(parkedSession(60), both), lockTree(parkedSession(50, { pid: 4712 }), both)];
    const diagnosis = diagnosed({ "pg.locks": { waiting: 1, trees } });
    assert.deepEqual(causesOf(diagnosis), ["critical idle-transaction-blocks: pid 4711"]);
    assert.match(firstCause(diagnosis).remedies[0]?.say ?? "", /go on when the others that hold them up have ended, too \(pid 4712\)/);
  });

  it("offers no act upon a session whose start is hidden, or that is no client's", () => {
    assert.deepEqual(firstCause(diagnosed(locks(parkedSession(60, { backendStart: "" })))).remedies, []);
    assert.deepEqual(firstCause(diagnosed(locks(parkedSession(60, { backendType: "logical replication worker" })))).remedies, []);
  });

  it("explains full slots only where those who wait hold them", () => {
    const full = { ...locks(parkedSession(60)), "pg.slots": { used: 97, ours: 2 } };
    const idle = diagnosed({ ...full, "pg.sessions": { idle: 90, active: 4, waitingForLock: 2 } });
    assert.deepEqual(
      idle.causes.map(({ id, explains }) => [id, explains]),
      [
        ["idle-sessions-pile-up", ["pg-connections-exhausted"]],
        ["idle-transaction-blocks", []],
      ],
    );
  });

  it("is not claimed for a pause of two seconds, nor for a holder at work", () => {
    assert.deepEqual(causesOf(diagnosed(locks(parkedSession(2)))), []);
    const batch = diagnosed(locks(parkedSession(0.01, { xactAgeSeconds: 100 })));
    assert.deepEqual(causesOf(batch), ["critical long-statement-blocks: pid 4711"]);
  });
});
