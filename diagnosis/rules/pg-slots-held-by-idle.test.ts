import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sessionGroup, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { slotsHeldByIdle } from "./pg-slots-held-by-idle.ts";

const groups = [sessionGroup({ total: 80, idle: 70, idleLong: 60, active: 10 })];
const idle = (used: number) => ({
  "pg.slots": { used, ours: 2 },
  "pg.sessions": { total: used - 2, idle: 70, idleLong: 60, active: 15, idleInTransaction: 0, groups },
});

describe("pg-slots-held-by-idle", () => {
  it("names the client whose pool does nothing", () => {
    assert.deepEqual(judged(slotsHeldByIdle, idle(97)), ["critical checkout as app"]);
    assert.match(
      firstFound(slotsHeldByIdle, idle(97)).summary,
      /^70 of 95 sessions are idle, 60 for more than a minute, and 15 are at work; 70 of/,
    );
  });

  it("names the server where no one client has most of them", () => {
    const many = Array.from({ length: 7 }, (_, index) => sessionGroup({ application: `service-${index}`, idle: 10, total: 12 }));
    assert.deepEqual(judged(slotsHeldByIdle, { ...idle(92), "pg.sessions": { ...idle(92)["pg.sessions"], groups: many } }), [
      "warning server",
    ]);
  });

  it("is clear while there is room", () => {
    assert.equal(judged(slotsHeldByIdle, idle(80)), "clear");
  });

  it("is undecided when sessions were not seen", () => {
    assert.equal(judged(slotsHeldByIdle, { "pg.sessions": unseen("timed-out") }), "undecided: timed-out");
  });
});
