import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, parkedSession, sessionGroup, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { connectionsExhausted } from "./pg-connections-exhausted.ts";

const complaint = { text: "sorry, too many clients already", sqlStates: ["53300"] };
const used = (count: number) => ({ "pg.slots": { used: count, ours: 2 } });

describe("pg-connections-exhausted", () => {
  it("is critical when no slot is left, and says who is in them", () => {
    const overrides = {
      ...used(97),
      "pg.sessions": { total: 95, idle: 80, active: 15, idleInTransaction: 0, groups: [sessionGroup({ total: 90, idle: 80 })] },
    };
    assert.deepEqual(judged(connectionsExhausted, overrides), ["critical (server)"]);
    const { about, facts, summary } = firstFound(connectionsExhausted, overrides);
    assert.deepEqual(about, [{ kind: "client", application: "checkout", role: "app" }]);
    assert.equal(facts["holder"], "idle");
    assert.match(summary, /^97 of 97 connection slots in use: 15 active .* 80 idle/);
  });

  it("says when the reserved slots are taken, too", () => {
    assert.match(
      firstFound(connectionsExhausted, used(99)).summary,
      /^all 97 ordinary connection slots and 2 of the 3 reserved ones in use: /,
    );
  });

  it("is about those who are parked, though others have more sessions", () => {
    const groups = [
      sessionGroup({ total: 70, idle: 69, idleInTransaction: 1 }),
      sessionGroup({ application: "jobs", total: 20, idle: 0, idleInTransaction: 20 }),
    ];
    const parked = Array.from({ length: 20 }, (_, index) => parkedSession(60, { pid: 7000 + index, application: "jobs" }));
    const sessions = { total: 95, idle: 70, active: 4, idleInTransaction: 21, groups, idleInTransactionSessions: parked };
    const { about, facts } = firstFound(connectionsExhausted, { ...used(97), "pg.sessions": sessions });
    assert.deepEqual([about, facts["holder"]], [[{ kind: "client", application: "jobs", role: "app" }], "parked"]);
  });

  it("is about the session that is waited for, where those who wait hold the slots", () => {
    const sessions = { total: 95, idle: 20, active: 72, waitingForLock: 70, idleInTransaction: 3 };
    const root = parkedSession(60, { application: "billing" });
    const locks = { waiting: 70, trees: [lockTree(root, [lockWaiter()], { blocked: 70 })] };
    const { about, facts } = firstFound(connectionsExhausted, { ...used(97), "pg.sessions": sessions, "pg.locks": locks });
    assert.equal(facts["holder"], "waiters");
    assert.deepEqual(
      about?.map((object) => object.kind === "session" && object.pid),
      [4711],
    );
  });

  it("warns from nine tenths on, our own sessions not counted", () => {
    assert.deepEqual(judged(connectionsExhausted, used(90)), ["warning (server)"]);
    assert.equal(judged(connectionsExhausted, used(89)), "clear");
    assert.equal(clearText(connectionsExhausted), "24 of 97 connection slots in use");
  });

  it("is critical when somebody has been refused", () => {
    assert.deepEqual(judged(connectionsExhausted, { ...used(90), complaint }), ["critical (server)"]);
    assert.equal(judged(connectionsExhausted, { ...used(50), complaint }), "clear");
  });

  it("is undecided when slots were not seen", () => {
    assert.equal(judged(connectionsExhausted, { "pg.slots": unseen("timed-out") }), "undecided: timed-out");
  });
});
