import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { configFileInvalid } from "./pg-config-file-invalid.ts";

const inFile = { file: "/etc/postgresql/18/main/postgresql.conf", line: 40, name: "work_mem", error: "invalid value" };

describe("pg-config-file-invalid", () => {
  it("names the setting with its line, and pg_hba.conf apart", () => {
    const overrides = { "pg.settings": { fileErrors: [inFile], hbaErrors: [{ line: 98, error: "invalid authentication method" }] } };
    assert.deepEqual(judged(configFileInvalid, overrides), ["warning work_mem", "warning hba_file"]);
    assert.match(firstFound(configFileInvalid, overrides).summary, /postgresql\.conf line 40 \(work_mem\): invalid value/);
  });

  it("names the file where the error is not about a setting", () => {
    assert.deepEqual(judged(configFileInvalid, { "pg.settings": { fileErrors: [{ ...inFile, name: null }] } }), ["warning config_file"]);
  });

  it("is clear without errors, and says what could not be checked", () => {
    assert.equal(judged(configFileInvalid), "clear");
    assert.match(clearText(configFileInvalid, { "pg.settings": { hbaErrors: null } }) ?? "", /pg_hba\.conf could not be checked/);
  });

  it("is undecided when neither file may be checked", () => {
    assert.equal(judged(configFileInvalid, { "pg.settings": { fileErrors: null, hbaErrors: null } }), "undecided: no-permission");
    assert.equal(judged(configFileInvalid, { "pg.settings": unseen("timed-out") }), "undecided: timed-out");
  });
});
