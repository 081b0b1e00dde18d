import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replicationSlot } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const lost = (more: Parameters<typeof replicationSlot>[0] = {}) =>
  diagnosed({
    "pg.replication": { slots: [replicationSlot({ name: "standby_2", active: false, activePid: null, walStatus: "lost", ...more })] },
  });

describe("wal-removed-before-standby", () => {
  it("is claimed for the slot, and not beside a stale slot", () => {
    assert.deepEqual(causesOf(lost({ retainedBytes: 90_000_000_000 })), ["warning wal-removed-before-standby: standby_2"]);
  });

  it("says how to build each kind of consumer anew", () => {
    assert.match(firstCause(lost()).advice[0] ?? "", /pg_basebackup/);
    assert.match(firstCause(lost({ type: "logical" })).advice[0] ?? "", /copy_data = true/);
  });

  it("is not claimed for a slot that is only near", () => {
    assert.deepEqual(causesOf(lost({ walStatus: "unreserved" })), []);
  });
});
