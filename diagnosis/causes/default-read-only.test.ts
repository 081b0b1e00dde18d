import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recogniseComplaint } from "../complaint.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("default-read-only", () => {
  const database = { overrides: [{ role: "", database: "orders", name: "default_transaction_read_only", value: "on" }] };
  const complaint = recogniseComplaint("cannot execute UPDATE in a read-only transaction");

  it("names the database for which it is on, and how to take it back", () => {
    const diagnosis = diagnosed({ "pg.settings": database, complaint });
    assert.deepEqual(causesOf(diagnosis), ["critical default-read-only: orders"]);
    assert.match(firstCause(diagnosis).advice.join(" "), /alter database orders reset default_transaction_read_only;/);
  });

  it("leaves a server healthy on which nobody complains of it", () => {
    const diagnosis = diagnosed({ "pg.settings": database });
    assert.deepEqual(causesOf(diagnosis), ["advice default-read-only: orders"]);
    assert.equal(diagnosis.verdict, "healthy");
  });

  it("is not claimed on a standby", () => {
    const standby = diagnosed({ "pg.settings": database, "pg.server": { inRecovery: true }, complaint });
    assert.deepEqual(
      standby.causes.map(({ id }) => id),
      ["connected-to-standby"],
    );
  });
});
