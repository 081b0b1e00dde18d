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

  it("is not claimed while there is room, nor for sessions that have just come", () => {
    assert.deepEqual(causesOf(diagnosed({ ...pool, "pg.slots": { used: 60 } })), []);
    const fresh = diagnosed({ ...pool, "pg.sessions": { ...pool["pg.sessions"], startedLastMinute: 90, idleLong: 0 } });
    assert.deepEqual(
      fresh.causes.map(({ id }) => id),
      ["connection-surge"],
    );
  });
});
