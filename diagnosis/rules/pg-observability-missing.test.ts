import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { observabilityMissing } from "./pg-observability-missing.ts";

describe("pg-observability-missing", () => {
  it("advises once, on all that is missing", () => {
    const overrides = {
      "pg.settings": { extensions: ["plpgsql"], values: { trackIoTiming: false, sharedPreloadLibraries: "pg_stat_statements" } },
    };
    assert.deepEqual(judged(observabilityMissing, overrides), ["advice shared_preload_libraries"]);
    const { facts } = firstFound(observabilityMissing, overrides);
    assert.deepEqual(facts["missing"], ["shared_preload_libraries", "track_io_timing"]);
    assert.equal(facts["preloaded"], true);
  });

  it("is clear when everything is there", () => {
    assert.equal(judged(observabilityMissing, { "pg.settings": { values: { trackIoTiming: true, trackActivities: true } } }), "clear");
  });

  it("is undecided without the settings", () => {
    assert.equal(judged(observabilityMissing, { "pg.settings": unseen("timed-out") }), "undecided: timed-out");
  });
});
