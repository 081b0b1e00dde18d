import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const MIB = 1_048_576;
const writing = (mibPerSecond: number) =>
  diagnosed({
    "pg.wal": {
      bytesPerSecond: mibPerSecond * MIB,
      maxWalSizeBytes: 128 * MIB,
      directoryBytes: 200 * MIB,
      checkpoints: { requestedInWindow: 2 },
    },
  });

describe("max-wal-size-too-small", () => {
  it("is claimed for the setting, and says how much this rate needs", () => {
    assert.deepEqual(causesOf(writing(20)), ["warning max-wal-size-too-small: max_wal_size"]);
    assert.match(firstCause(writing(20)).advice[0] ?? "", /17\.6 GiB/);
  });

  it("is not claimed when somebody asked for the checkpoints", () => {
    assert.deepEqual(causesOf(writing(0.1)), []);
  });
});
