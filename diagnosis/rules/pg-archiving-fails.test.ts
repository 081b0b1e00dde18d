import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { archivingFails } from "./pg-archiving-fails.ts";

const failing = {
  lastFailedAgeSeconds: 20,
  lastFailedAt: ago(20),
  lastArchivedAgeSeconds: 900,
  lastArchivedAt: ago(900),
  waitingSegments: 40,
};
const judge = (archiver = {}, more = {}) => judged(archivingFails, { "pg.wal": { archiver: { ...failing, ...archiver } }, ...more });

describe("pg-archiving-fails", () => {
  it("finds a failure that is later than the last success, and what waits", () => {
    assert.deepEqual(judge(), ["warning archive_command"]);
    assert.equal(firstFound(archivingFails, { "pg.wal": { archiver: failing } }).facts["waitingBytes"], 40 * 16 * 1_048_576);
  });

  it("finds one that never succeeded", () => {
    assert.deepEqual(judge({ lastArchivedAgeSeconds: null, lastArchivedWal: null }), ["warning archive_command"]);
  });

  it("is critical once much waits", () => {
    assert.deepEqual(judge({ waitingSegments: 1_024 }), ["critical archive_command"]);
    assert.deepEqual(judge({ waitingSegments: 1_023 }), ["warning archive_command"]);
  });

  it("is clear when a later attempt succeeded, and when the last failure is long ago", () => {
    assert.equal(judge({ lastArchivedAgeSeconds: 19 }), "clear");
    assert.equal(judge({ lastFailedAgeSeconds: 301 }), "clear");
    assert.deepEqual(judge({ lastFailedAgeSeconds: 300 }), ["warning archive_command"]);
    assert.match(clearText(archivingFails) ?? "", /50 s ago/);
  });

  it("finds archiving that is on and not configured, once segments wait", () => {
    const quiet = { lastFailedAgeSeconds: null, configured: false };
    assert.deepEqual(judge(quiet), ["warning archive_command"]);
    assert.equal(judge({ ...quiet, waitingSegments: 0 }), "clear");
  });

  it("is clear where archive_mode is off, and on a standby that does not archive", () => {
    assert.equal(judge({ mode: "off" }), "clear");
    assert.equal(judge({}, { "pg.replication": { inRecovery: true } }), "clear");
    assert.deepEqual(judge({ mode: "always" }, { "pg.replication": { inRecovery: true } }), ["warning archive_command"]);
  });

  it("is undecided without WAL's evidence", () => {
    assert.equal(judged(archivingFails, { "pg.wal": unseen("timed-out") }), "undecided: timed-out");
  });
});
