import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sessionGroup, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { slotsHeldByNew } from "./pg-slots-held-by-new.ts";

const groups = [sessionGroup({ total: 80, active: 70, startedLastMinute: 75 })];
const surge = (startedLastMinute: number) => ({
  "pg.slots": { used: 97, ours: 2 },
  "pg.sessions": { total: 95, idle: 15, active: 80, idleInTransaction: 0, startedLastMinute, groups },
});

describe("pg-slots-held-by-new", () => {
  it("names the client whose sessions came within the last minute", () => {
    assert.deepEqual(judged(slotsHeldByNew, surge(75)), ["critical checkout as app"]);
    assert.match(
      firstFound(slotsHeldByNew, surge(75)).summary,
      /^75 of 95 sessions arrived within the last minute .*75 of them belong to "checkout"/,
    );
  });

  it("is clear when less than half are new, and while there is room", () => {
    assert.equal(judged(slotsHeldByNew, surge(47)), "clear");
    assert.equal(judged(slotsHeldByNew, { ...surge(75), "pg.slots": { used: 80 } }), "clear");
  });

  it("is undecided when slots were not seen", () => {
    assert.equal(judged(slotsHeldByNew, { "pg.slots": unseen("timed-out") }), "undecided: timed-out");
  });
});
