import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recogniseComplaint } from "../complaint.ts";
import { causesOf, diagnosed } from "../judged.ts";

describe("connected-to-standby", () => {
  it("is claimed for a standby when somebody is told 25006", () => {
    const complaint = recogniseComplaint("ERROR: cannot execute UPDATE in a read-only transaction");
    assert.deepEqual(causesOf(diagnosed({ "pg.server": { inRecovery: true }, complaint })), [
      "critical connected-to-standby: db1.example.com:5432",
    ]);
  });

  it("is not claimed for a standby that is meant to be one, nor for a primary that is read only by default", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.server": { inRecovery: true } })), []);
    const complaint = recogniseComplaint("cannot execute UPDATE in a read-only transaction");
    const readOnly = diagnosed({ "pg.server": { defaultTransactionReadOnly: true }, complaint });
    assert.deepEqual(causesOf(readOnly), ["critical default-read-only: default_transaction_read_only"]);
  });
});
