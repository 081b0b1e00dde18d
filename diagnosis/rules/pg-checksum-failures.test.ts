import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, database, unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { checksumFailures } from "./pg-checksum-failures.ts";

const DAY = 86_400;
const at = (failures: number | null, last: string | null) =>
  judged(checksumFailures, { "pg.databases": { databases: [database({ checksumFailures: failures, checksumLastFailure: last })] } });

describe("pg-checksum-failures", () => {
  it("is critical on the day, a warning within the month, and then a reminder", () => {
    assert.deepEqual(at(3, ago(DAY - 1)), ["critical orders"]);
    assert.deepEqual(at(3, ago(DAY)), ["warning orders"]);
    assert.deepEqual(at(3, ago(30 * DAY)), ["advice orders"]);
    assert.deepEqual(at(3, null), ["critical orders"]);
  });

  it("is clear without failures, and where checksums are off", () => {
    assert.equal(at(0, null), "clear");
    assert.equal(at(null, null), "clear");
  });

  it("is undecided without the databases", () => {
    assert.equal(judged(checksumFailures, { "pg.databases": unseen("timed-out") }), "undecided: timed-out");
  });
});
