import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, database } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("checksum-failures", () => {
  it("is claimed for the database, before everything else", () => {
    const diagnosis = diagnosed({
      "pg.databases": { databases: [database({ checksumFailures: 2, checksumLastFailure: ago(60) })] },
      "pg.settings": { values: { fsync: false } },
    });
    assert.deepEqual(causesOf(diagnosis), ["critical checksum-failures: orders", "warning durability-switched-off: fsync"]);
    assert.match(firstCause(diagnosis).advice[0] ?? "", /copy the data directory/);
  });

  it("is not claimed without failures", () => {
    assert.deepEqual(causesOf(diagnosed({ "pg.databases": { databases: [database({ checksumFailures: null })] } })), []);
  });
});
