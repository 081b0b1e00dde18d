import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const lacking = { "pg.settings": { extensions: ["plpgsql"], values: { trackIoTiming: false, sharedPreloadLibraries: "" } } };

describe("observability-missing", () => {
  it("is advice, and says what to do for each that is missing", () => {
    const diagnosis = diagnosed(lacking);
    assert.deepEqual(causesOf(diagnosis), ["advice observability-missing: shared_preload_libraries"]);
    assert.match(firstCause(diagnosis).advice.join(" "), /Add pg_stat_statements to shared_preload_libraries.*track_io_timing = on/);
    assert.equal(diagnosis.verdict, "healthy");
  });

  it("never comes first", () => {
    const nonDefault = [{ name: "zz", value: "1", unit: null, source: "configuration file", pendingRestart: true }];
    const causes = causesOf(diagnosed({ "pg.settings": { ...lacking["pg.settings"], nonDefault } }));
    assert.equal(causes.at(-1), "advice observability-missing: shared_preload_libraries");
  });

  it("is not claimed where the extension is there", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.settings": { values: { trackIoTiming: true } } })), []);
  });
});
