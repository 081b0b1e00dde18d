import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, parkedSession, sessionGroup } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("connection-surge", () => {
  const surge = {
    "pg.slots": { used: 97, ours: 2 },
    "pg.sessions": {
      total: 95,
      active: 85,
      idle: 10,
      idleInTransaction: 0,
      startedLastMinute: 80,
      groups: [sessionGroup({ total: 90, active: 85, startedLastMinute: 80 })],
    },
  };

  it("explains the slots that are gone, and names who came", () => {
    const diagnosis = diagnosed(surge);
    assert.deepEqual(causesOf(diagnosis), ["critical connection-surge: checkout as app"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-connections-exhausted"]);
  });

  it("is not claimed for a pool that was opened within the last minute and leaves room", () => {
    assert.deepEqual(causesOf(diagnosed({ ...surge, "pg.slots": { used: 60 } })), []);
  });

  it("is not claimed where those who came wait for a lock", () => {
    const tree = lockTree(parkedSession(60), [lockWaiter()], { blocked: 70 });
    const sessions = { ...surge["pg.sessions"], waitingForLock: 70 };
    const diagnosis = diagnosed({ ...surge, "pg.sessions": sessions, "pg.locks": { waiting: 70, trees: [tree] } });
    assert.deepEqual(causesOf(diagnosis), ["critical idle-transaction-blocks: pid 4711"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-connections-exhausted"]);
  });
});
