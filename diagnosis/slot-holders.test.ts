import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Evidence } from "./evidence.ts";
import { exampleSnapshot, type Overrides, parkedSession, sessionGroup } from "./example.ts";
import { dominantOrigin, holderText, originsOf, parkedSessions, slotHolder } from "./slot-holders.ts";

function seen<Id extends "pg.slots" | "pg.sessions">(id: Id, overrides: Overrides): Evidence[Id] {
  const gathered = exampleSnapshot(overrides).evidence[id];
  if (gathered?.outcome !== "seen") throw new Error(`${id} is not in the example`);
  return gathered.value;
}

/** 97 usable, 95 of them others'. */
function holder(sessions: Overrides["pg.sessions"], used = 97) {
  const overrides: Overrides = { "pg.slots": { used, ours: 2 }, "pg.sessions": { total: used - 2, ...sessions } };
  return slotHolder(seen("pg.slots", overrides), seen("pg.sessions", overrides));
}

const parked = (count: number, seconds = 60) => ({
  idleInTransaction: count,
  idleInTransactionSessions: Array.from({ length: Math.min(count, 50) }, (_, index) => parkedSession(seconds, { pid: 7000 + index })),
});

describe("who holds the slots", () => {
  it("nobody while there is room", () => assert.equal(holder({}, 80), null));
  it("the parked, as soon as there would be room without them", () => {
    assert.equal(holder({ ...parked(18), idle: 70, active: 7 }), "parked");
    assert.equal(holder({ ...parked(17), idle: 71, active: 7 }), "idle");
  });
  it("the parked, where most are inside a transaction and have only just come", () => {
    assert.equal(holder({ ...parked(60, 1), idle: 30, active: 5, startedLastMinute: 95 }), "parked");
  });
  it("those who wait for a lock, before any talk of arrivals", () => {
    assert.equal(holder({ waitingForLock: 60, active: 70, idle: 25, idleInTransaction: 0, startedLastMinute: 90 }), "waiters");
  });
  it("the new, whether they work or not", () => {
    assert.equal(holder({ startedLastMinute: 60, active: 80, idle: 15 }), "new");
    assert.equal(holder({ startedLastMinute: 60, active: 5, idle: 90 }), "new");
  });
  it("the idle, when they are most", () => assert.equal(holder({ idle: 60, active: 34 }), "idle"));
  it("the busy, when they are most", () => assert.equal(holder({ idle: 30, active: 64 }), "busy"));
  it("no one kind", () => assert.equal(holder({ idle: 40, active: 40, ...parked(15, 1) }), "mixed"));
  it("nobody knows, when states are hidden", () => assert.equal(holder({ statesVisible: false }), "hidden"));
});

it("who holds them is the reason why it is not somebody else", () => {
  const overrides: Overrides = { "pg.slots": { used: 97, ours: 2 }, "pg.sessions": { total: 95, ...parked(60), idle: 30, active: 5 } };
  assert.equal(
    holderText(seen("pg.slots", overrides), seen("pg.sessions", overrides)),
    "without those who are idle inside a transaction (60 of 95 sessions) there would be room",
  );
  assert.equal(holderText(seen("pg.slots", {}), seen("pg.sessions", {})), "24 of 97 connection slots in use");
});

it("parked sessions beyond the end of the list are counted, when all on it are parked", () => {
  assert.equal(parkedSessions(seen("pg.sessions", { "pg.sessions": parked(90) })), 90);
  const mixed = parked(90);
  const sessions = { ...mixed, idleInTransactionSessions: [...mixed.idleInTransactionSessions.slice(0, 10), parkedSession(0.1)] };
  assert.equal(parkedSessions(seen("pg.sessions", { "pg.sessions": sessions })), 10);
});

it("an origin is one, from however many addresses it connects", () => {
  const origins = originsOf([
    sessionGroup({ client: "10.0.0.1", total: 20 }),
    sessionGroup({ client: "10.0.0.2", total: 15 }),
    sessionGroup({ application: "reports", role: "reporting", total: 30 }),
  ]);
  assert.deepEqual(
    origins.map(({ application, total }) => [application, total]),
    [
      ["checkout", 35],
      ["reports", 30],
    ],
  );
  assert.equal(dominantOrigin(origins, ({ total }) => total)?.application, "checkout");
  assert.equal(
    dominantOrigin([], ({ total }) => total),
    null,
  );
});
