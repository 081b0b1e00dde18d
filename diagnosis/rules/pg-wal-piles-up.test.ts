import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { walPilesUp } from "./pg-wal-piles-up.ts";

const MIB = 1_048_576;
const GIB = 1_073_741_824;
const at = (directoryBytes: number | null) => judged(walPilesUp, { "pg.wal": { directoryBytes, maxWalSizeBytes: GIB } });

describe("pg-wal-piles-up", () => {
  it("finds a directory beyond twice max_wal_size, and warns once it is far beyond", () => {
    assert.deepEqual(at(2 * GIB + 256 * MIB), ["advice (server)"]);
    assert.deepEqual(at(18 * GIB - 1), ["advice (server)"]);
    assert.deepEqual(at(18 * GIB), ["warning (server)"]);
  });

  it("is clear up to there", () => {
    assert.equal(at(2 * GIB + 256 * MIB - 1), "clear");
  });

  it("is undecided where the directory may not be read, or WAL was not seen", () => {
    assert.equal(at(null), "undecided: no-permission");
    assert.equal(judged(walPilesUp, { "pg.wal": unseen("timed-out") }), "undecided: timed-out");
  });
});
