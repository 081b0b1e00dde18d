import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("config-file-invalid", () => {
  it("is claimed for the setting, and for pg_hba.conf", () => {
    const inFile = diagnosed({
      "pg.settings": { fileErrors: [{ file: "postgresql.conf", line: 4, name: "work_mem", error: "invalid value" }] },
    });
    assert.deepEqual(causesOf(inFile), ["warning config-file-invalid: work_mem"]);
    const inHba = diagnosed({ "pg.settings": { hbaErrors: [{ line: 9, error: "invalid authentication method" }] } });
    assert.deepEqual(causesOf(inHba), ["warning config-file-invalid: hba_file"]);
    assert.match(firstCause(inHba).advice[0] ?? "", /pg_hba_file_rules/);
  });

  it("is not claimed, and leaves the verdict alone, where the role may not look", () => {
    const diagnosis = diagnosed({ "pg.settings": { fileErrors: null, hbaErrors: null } });
    assert.deepEqual(causesOf(diagnosis), []);
    assert.equal(diagnosis.verdict, "healthy");
  });
});
