import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, parkedSession, sessionGroup } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("connection-limit-too-low", () => {
  const busy = {
    "pg.slots": { used: 97, ours: 2 },
    "pg.sessions": { total: 95, active: 80, idle: 15, idleInTransaction: 0, groups: [sessionGroup({ total: 90, active: 78 })] },
  };

  it("explains the slots that are gone when those who hold them are at work", () => {
    const diagnosis = diagnosed(busy);
    assert.deepEqual(causesOf(diagnosis), ["critical connection-limit-too-low: max_connections"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-connections-exhausted"]);
  });

  it("names the role at its own limit, and what to run", () => {
    const diagnosis = diagnosed({ "pg.slots": { roles: [{ role: "app", limit: 20, used: 20 }] } });
    assert.deepEqual(causesOf(diagnosis), ["warning connection-limit-too-low: app"]);
    assert.match(firstCause(diagnosis).advice.join(" "), /alter role app connection limit 30;/);
  });

  it("does not explain a full server by a role's limit", () => {
    const roles = [{ role: "app", limit: 20, used: 20 }];
    const sessions = { ...busy["pg.sessions"], active: 5, idle: 90 };
    const diagnosis = diagnosed({ "pg.slots": { used: 97, ours: 2, roles }, "pg.sessions": sessions });
    const limit = diagnosis.causes.find(({ id }) => id === "connection-limit-too-low");
    assert.deepEqual(limit?.explains, []);
    assert.equal(diagnosis.causes[0]?.id, "idle-sessions-pile-up");
  });

  it("is the lock holder's doing where those who wait for it hold the role's connections", () => {
    const waiters = Array.from({ length: 6 }, (_, index) => lockWaiter({ session: { pid: 5001 + index, role: "app" } }));
    const locks = { waiting: 6, trees: [lockTree(parkedSession(60, { role: "billing", application: "billing" }), waiters)] };
    const diagnosis = diagnosed({ "pg.slots": { roles: [{ role: "app", limit: 6, used: 6 }] }, "pg.locks": locks });
    assert.deepEqual(causesOf(diagnosis), ["critical idle-transaction-blocks: pid 4711"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-connection-limit-reached:app"]);
  });

  it("is not claimed one below the limit", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.slots": { roles: [{ role: "app", limit: 20, used: 19 }] } })), []);
  });
});
