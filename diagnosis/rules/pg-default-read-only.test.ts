import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { defaultReadOnly } from "./pg-default-read-only.ts";

const name = "default_transaction_read_only";
const complaint = { text: "cannot execute INSERT in a read-only transaction", sqlStates: ["25006"] };
const configured = {
  "pg.settings": { nonDefault: [{ name, value: "on", unit: null, source: "configuration file", pendingRestart: false }] },
};
const override = (role: string, database: string, value = "on") => ({ "pg.settings": { overrides: [{ role, database, name, value }] } });
const primary = { "pg.server": { expectedRole: "primary" as const } };

describe("pg-default-read-only", () => {
  it("finds it in the configuration: critical when somebody complains, a warning on what should be a primary, else advice", () => {
    assert.deepEqual(judged(defaultReadOnly, { ...configured, complaint }), [`critical ${name}`]);
    assert.deepEqual(judged(defaultReadOnly, { ...configured, ...primary }), [`warning ${name}`]);
    assert.deepEqual(judged(defaultReadOnly, configured), [`advice ${name}`]);
  });

  it("finds it for a database, and for a role only when somebody complains", () => {
    assert.deepEqual(judged(defaultReadOnly, { ...override("", "orders"), ...primary }), ["warning orders"]);
    assert.deepEqual(judged(defaultReadOnly, { ...override("app", ""), complaint }), ["critical app"]);
    assert.equal(judged(defaultReadOnly, { ...override("app", ""), ...primary }), "clear");
  });

  it("knows it from our own login where no override explains it", () => {
    assert.deepEqual(judged(defaultReadOnly, { "pg.server": { defaultTransactionReadOnly: true }, complaint }), [`critical ${name}`]);
  });

  it("is clear where only our own role has it, where it is off, and on a standby", () => {
    const own = { ...override("helpdesk", ""), "pg.server": { defaultTransactionReadOnly: true }, complaint };
    assert.equal(judged(defaultReadOnly, own), "clear");
    assert.equal(judged(defaultReadOnly, { ...override("app", "", "off"), complaint }), "clear");
    assert.equal(judged(defaultReadOnly, { ...configured, complaint, "pg.server": { inRecovery: true } }), "clear");
    assert.equal(judged(defaultReadOnly), "clear");
  });

  it("is undecided when settings were not seen", () => {
    assert.equal(judged(defaultReadOnly, { "pg.settings": unseen("failed") }), "undecided: failed");
  });
});
