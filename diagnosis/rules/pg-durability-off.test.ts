import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { durabilityOff } from "./pg-durability-off.ts";

const judge = (values: Record<string, string | boolean>) => judged(durabilityOff, { "pg.settings": { values } });

describe("pg-durability-off", () => {
  it("makes one finding of all that is off, the worst first", () => {
    const values = { fsync: false, fullPageWrites: false, synchronousCommit: "off" };
    assert.deepEqual(judge(values), ["warning fsync"]);
    assert.deepEqual(firstFound(durabilityOff, { "pg.settings": { values } }).facts["settings"], ["fsync", "full_page_writes"]);
  });

  it("finds what hides damage when it is on", () => {
    assert.deepEqual(judge({ ignoreChecksumFailure: true }), ["warning ignore_checksum_failure"]);
    assert.deepEqual(judge({ zeroDamagedPages: true }), ["warning zero_damaged_pages"]);
  });

  it("only advises on synchronous_commit", () => {
    assert.deepEqual(judge({ fsync: true, synchronousCommit: "off" }), ["advice synchronous_commit"]);
    assert.equal(judge({ fsync: true, synchronousCommit: "local" }), "clear");
  });

  it("is clear when all is on, says so, and does not guess what it was not told", () => {
    assert.equal(judge({ fsync: true, fullPageWrites: true, zeroDamagedPages: false }), "clear");
    assert.match(clearText(durabilityOff, { "pg.settings": { values: { fsync: true } } }) ?? "", /fsync is on, full_page_writes unknown/);
  });

  it("is undecided without the settings", () => {
    assert.equal(judged(durabilityOff, { "pg.settings": unseen("timed-out") }), "undecided: timed-out");
  });
});
