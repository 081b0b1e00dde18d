import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, parkedSession, sessionGroup } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("leaked-transactions", () => {
  const parked = (count: number, seconds = 60) =>
    Array.from({ length: count }, (_, index) => parkedSession(seconds, { pid: 7000 + index }));
  const leak = {
    "pg.slots": { used: 97, ours: 2 },
    "pg.sessions": {
      total: 95,
      active: 5,
      idle: 40,
      idleInTransaction: 50,
      groups: [sessionGroup({ total: 90, idle: 40, idleInTransaction: 50 })],
      idleInTransactionSessions: parked(50),
    },
  };

  it("explains the slots that are gone and the locks of one of its sessions, as one cause", () => {
    const tree = lockTree(parkedSession(60, { pid: 7003 }), [lockWaiter({ blockedBy: [7003] })]);
    const diagnosis = diagnosed({ ...leak, "pg.locks": { waiting: 1, trees: [tree] } });
    assert.deepEqual(causesOf(diagnosis), ["critical leaked-transactions: checkout as app"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-connections-exhausted", "pg-lock-root-idle:pid 7003"]);
    assert.deepEqual(diagnosis.unexplained, []);
    const ruledOut = firstCause(diagnosis).ruledOut.map(({ id }) => id);
    for (const id of ["idle-transaction-blocks", "idle-sessions-pile-up", "connection-surge", "connection-limit-too-low"])
      assert.ok(ruledOut.includes(id), id);
  });

  it("ends the session that has been parked longest", () => {
    const [remedy] = firstCause(diagnosed(leak)).remedies;
    assert.deepEqual([remedy?.tool, remedy?.effect, remedy?.arguments["pid"]], ["pg_terminate_session", "destroy", 7000]);
  });

  it("explains a role's limit that its parked sessions fill, and not another role's", () => {
    const roles = [
      { role: "app", limit: 60, used: 60 },
      { role: "reporting", limit: 5, used: 5 },
    ];
    const diagnosis = diagnosed({ "pg.slots": { roles }, "pg.sessions": leak["pg.sessions"] });
    assert.deepEqual(causesOf(diagnosis), ["warning leaked-transactions: checkout as app", "warning connection-limit-too-low: reporting"]);
  });

  it("does not explain the locks of another client, nor slots that others hold", () => {
    const other = parkedSession(60, { pid: 8000, application: "psql", role: "dba" });
    const diagnosis = diagnosed({
      "pg.slots": { used: 97, ours: 2 },
      "pg.sessions": { total: 95, idle: 85, active: 5, idleInTransaction: 5, idleInTransactionSessions: parked(5) },
      "pg.locks": { waiting: 1, trees: [lockTree(other, [lockWaiter({ blockedBy: [8000] })])] },
    });
    assert.deepEqual(diagnosis.causes.map(({ id }) => id).toSorted(), [
      "idle-sessions-pile-up",
      "idle-transaction-blocks",
      "leaked-transactions",
    ]);
  });

  it("is not claimed for one parked session", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.sessions": { idleInTransactionSessions: parked(1, 3_600) } })), []);
  });
});
