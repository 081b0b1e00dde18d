import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parkedSession, sessionGroup, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { idleInTransaction } from "./pg-idle-in-transaction.ts";

const sessions = (count: number, seconds: number, total = count) => ({
  "pg.sessions": {
    idleInTransaction: total,
    groups: [sessionGroup({ total: total + 10, idleInTransaction: total })],
    idleInTransactionSessions: Array.from({ length: count }, (_, index) => parkedSession(seconds + (count - index), { pid: 7000 + index })),
  },
});

describe("pg-idle-in-transaction", () => {
  it("names the client, how many, for how long, and whom to end first", () => {
    assert.deepEqual(judged(idleInTransaction, sessions(5, 60)), ["warning checkout as app"]);
    const { summary, facts } = firstFound(idleInTransaction, sessions(5, 60));
    assert.equal(
      summary,
      '5 of 15 sessions of "checkout" (role app) have been idle inside a transaction for more than 3 s, the longest for 65 s',
    );
    assert.equal(facts["oldestPid"], 7000);
  });

  it("counts those beyond the end of the list", () => {
    assert.equal(firstFound(idleInTransaction, sessions(50, 60, 90)).facts["idleInTransaction"], 90);
  });

  it("is clear for four, and for many that only pause between two statements", () => {
    assert.equal(judged(idleInTransaction, sessions(4, 60)), "clear");
    assert.equal(judged(idleInTransaction, sessions(40, -100)), "clear");
    assert.match(clearText(idleInTransaction) ?? "", /^1 session idle inside a transaction, no 5 of one client/);
  });

  it("is clear for the sessions of many clients", () => {
    const list = Array.from({ length: 8 }, (_, index) =>
      parkedSession(60, { pid: 7000 + index, application: `job-${index % 2}`, role: `r${index % 4}` }),
    );
    assert.equal(judged(idleInTransaction, { "pg.sessions": { idleInTransaction: 8, idleInTransactionSessions: list } }), "clear");
  });

  it("is undecided when states are hidden", () => {
    assert.equal(judged(idleInTransaction, { "pg.sessions": { statesVisible: false } }), "undecided: no-permission");
    assert.equal(judged(idleInTransaction, { "pg.sessions": unseen("timed-out") }), "undecided: timed-out");
  });
});
