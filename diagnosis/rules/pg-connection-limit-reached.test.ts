import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parkedSession, refusedConnect, sessionGroup, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { connectionLimitReached } from "./pg-connection-limit-reached.ts";

const complaint = { text: "too many connections for role", sqlStates: ["53300"] };
const role = (used: number, limit = 20) => ({ "pg.slots": { roles: [{ role: "app", limit, used }] } });
const busy = {
  "pg.slots": { used: 97, ours: 2 },
  "pg.sessions": { total: 95, idle: 15, active: 80, idleInTransaction: 0, groups: [sessionGroup({ total: 90, active: 80 })] },
};

describe("pg-connection-limit-reached", () => {
  it("names the role or the database at its limit, while the server has room", () => {
    assert.deepEqual(judged(connectionLimitReached, role(20)), ["warning app"]);
    assert.match(
      firstFound(connectionLimitReached, role(20)).summary,
      /^20 of the 20 connections that role app may have .*24 of 97 connection slots in use/,
    );
    const database = { "pg.slots": { databases: [{ database: "orders", limit: 9, used: 9 }] } };
    assert.deepEqual(judged(connectionLimitReached, { ...database, complaint }), ["critical orders"]);
  });

  it("says when those who hold them are parked inside transactions", () => {
    const parked = Array.from({ length: 12 }, (_, index) => parkedSession(60, { pid: 7000 + index }));
    const { facts } = firstFound(connectionLimitReached, { ...role(20), "pg.sessions": { idleInTransactionSessions: parked } });
    assert.deepEqual([facts["parked"], facts["holder"]], [12, "parked"]);
  });

  it("names max_connections when the server is full of sessions at work", () => {
    assert.deepEqual(judged(connectionLimitReached, busy), ["critical max_connections"]);
  });

  it("takes a refusal that names the limit for it, though nothing else could be seen", () => {
    const refused = {
      "pg.connect": refusedConnect({ sqlState: "53300", role: "app", message: 'too many connections for role "app"' }),
      "pg.slots": unseen("unreachable"),
      "pg.sessions": unseen("unreachable"),
    };
    assert.deepEqual(judged(connectionLimitReached, refused), ["critical app"]);
  });

  it("is clear one below the limit, for a limit that closes the role, and when the slots are taken by the idle", () => {
    assert.equal(judged(connectionLimitReached, role(19)), "clear");
    assert.equal(judged(connectionLimitReached, role(0, 0)), "clear");
    assert.equal(judged(connectionLimitReached, { ...busy, "pg.sessions": { ...busy["pg.sessions"], idle: 80, active: 15 } }), "clear");
  });

  it("is clear for another refusal, and undecided when we are in and slots were not seen", () => {
    const down = { "pg.connect": refusedConnect(), "pg.slots": unseen("unreachable"), "pg.sessions": unseen("unreachable") };
    assert.equal(judged(connectionLimitReached, down), "clear");
    assert.equal(judged(connectionLimitReached, { "pg.slots": unseen("timed-out") }), "undecided: failed");
  });
});
