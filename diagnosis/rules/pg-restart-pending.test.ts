import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { restartPending } from "./pg-restart-pending.ts";

const setting = (name: string, pendingRestart: boolean) => ({
  name,
  value: "100",
  unit: null,
  source: "configuration file",
  pendingRestart,
});

describe("pg-restart-pending", () => {
  it("makes one finding of all settings that wait", () => {
    const nonDefault = [setting("work_mem", false), setting("max_connections", true), setting("shared_buffers", true)];
    assert.deepEqual(judged(restartPending, { "pg.settings": { nonDefault } }), ["advice max_connections"]);
    assert.deepEqual(firstFound(restartPending, { "pg.settings": { nonDefault } }).facts["settings"], [
      "max_connections",
      "shared_buffers",
    ]);
  });

  it("is clear when none waits, and undecided without the settings", () => {
    assert.equal(judged(restartPending), "clear");
    assert.equal(judged(restartPending, { "pg.settings": unseen("timed-out") }), "undecided: timed-out");
  });
});
