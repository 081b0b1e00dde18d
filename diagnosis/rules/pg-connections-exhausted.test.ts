import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sessionGroup, unseen } from "../example.ts";
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
