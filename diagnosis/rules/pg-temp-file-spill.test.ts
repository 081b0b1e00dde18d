import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statement, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { tempFileSpill } from "./pg-temp-file-spill.ts";

const MIB_BLOCKS = 128;
const spilling = (mibPerSecond: number, callsPerSecond: number) => ({
  "pg.statements": { statements: [statement({ tempBlocksWrittenPerSecond: mibPerSecond * MIB_BLOCKS, callsPerSecond })] },
});

describe("pg-temp-file-spill", () => {
  it("names the statement, and warns when it spills much again and again", () => {
    assert.deepEqual(judged(tempFileSpill, spilling(60, 3)), ["warning query 8812345678901234567"]);
    const { facts } = firstFound(tempFileSpill, spilling(60, 3));
    assert.equal(facts["tempBytesPerCall"], 20 * 1_048_576);
    assert.equal(facts["workMemBytes"], null);
    const known = { ...spilling(60, 3), "pg.settings": { values: { workMemBytes: 4_194_304 } } };
    assert.equal(firstFound(tempFileSpill, known).facts["workMemBytes"], 4_194_304);
    assert.match(firstFound(tempFileSpill, known).summary, /work_mem 4 MiB/);
  });

  it("only advises for one large report, and for less than 50 MiB/s", () => {
    assert.deepEqual(judged(tempFileSpill, spilling(60, 1 / 3)), ["advice query 8812345678901234567"]);
    assert.deepEqual(judged(tempFileSpill, spilling(49, 3)), ["advice query 8812345678901234567"]);
    assert.deepEqual(judged(tempFileSpill, spilling(60, 1.9 / 3)), ["advice query 8812345678901234567"]);
    assert.deepEqual(judged(tempFileSpill, spilling(60, 2 / 3)), ["warning query 8812345678901234567"]);
  });

  it("is clear below 5 MiB/s, and on totals from earlier", () => {
    assert.equal(judged(tempFileSpill, spilling(4.9, 3)), "clear");
    assert.deepEqual(judged(tempFileSpill, spilling(5, 3)), ["advice query 8812345678901234567"]);
    const earlier = { "pg.statements": { statements: [statement({ totalTempBlocksWritten: 90_000_000 })] } };
    assert.equal(judged(tempFileSpill, earlier), "clear");
  });

  it("is undecided without pg_stat_statements", () => {
    assert.equal(judged(tempFileSpill, { "pg.statements": unseen("extension-absent") }), "undecided: extension-absent");
  });
});
