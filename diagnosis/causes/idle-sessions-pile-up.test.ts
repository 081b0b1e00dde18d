import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sessionGroup } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("idle-sessions-pile-up", () => {
  const pool = {
    "pg.slots": { used: 97, ours: 2 },
    "pg.sessions": { total: 95, active: 5, idle: 90, idleLong: 80, idleInTransaction: 0, groups: [sessionGroup({ total: 90, idle: 88 })] },
  };

  it("explains the slots that are gone, and names the pool", () => {
    const diagnosis = diagnosed(pool);
    assert.deepEqual(causesOf(diagnosis), ["critical idle-sessions-pile-up: checkout as app"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-connections-exhausted"]);
  });

  it("explains a role's limit that idle sessions use up, and not one that sessions at work do", () => {
    const limit = (idleLong: number) =>
      diagnosed({
        "pg.slots": { roles: [{ role: "app", limit: 10, used: 10 }] },
        "pg.sessions": { groups: [sessionGroup({ total: 10, active: 10 - idleLong, idle: idleLong, idleLong })] },
      });
    assert.deepEqual(causesOf(limit(8)), ["warning idle-sessions-pile-up: checkout as app"]);
    assert.match(firstCause(limit(8)).summary, /^8 of the 10 connections that role app may have are held by .* and 2 are at work/);
    assert.deepEqual(firstCause(limit(8)).explains, ["pg-connection-limit-reached:app"]);
    assert.deepEqual(causesOf(limit(4)), ["warning connection-limit-too-low: app"]);
    assert.equal(
      firstCause(limit(4)).ruledOut.find(({ id }) => id === "idle-sessions-pile-up")?.because,
      "4 of the 10 connections that role app may have were idle for more than a minute",
    );
  });

  it("is not claimed while there is room, nor for sessions that have just come", () => {
    assert.deepEqual(causesOf(diagnosed({ ...pool, "pg.slots": { used: 60 } })), []);
    const fresh = diagnosed({ ...pool, "pg.sessions": { ...pool["pg.sessions"], startedLastMinute: 90, idleLong: 0 } });
    assert.deepEqual(
      fresh.causes.map(({ id }) => id),
      ["connection-surge"],
    );
  });
});
