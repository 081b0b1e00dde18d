import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const settings = (values: Record<string, string | boolean>) => diagnosed({ "pg.settings": { values } });

describe("durability-switched-off", () => {
  it("is claimed once for all that is off, with the statements", () => {
    const diagnosis = settings({ fsync: false, fullPageWrites: false });
    assert.deepEqual(causesOf(diagnosis), ["warning durability-switched-off: fsync"]);
    assert.match(
      firstCause(diagnosis).advice[0] ?? "",
      /alter system reset fsync; alter system reset full_page_writes; select pg_reload_conf\(\);/,
    );
  });

  it("is advice for synchronous_commit, and nothing where all is on", () => {
    assert.deepEqual(causesOf(settings({ fsync: true, synchronousCommit: "off" })), ["advice durability-switched-off: synchronous_commit"]);
    assert.deepEqual(causesOf(settings({ fsync: true, fullPageWrites: true, synchronousCommit: "on" })), []);
  });
});
