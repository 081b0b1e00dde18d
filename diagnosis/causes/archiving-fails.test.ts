import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const GIB = 1_073_741_824;
const archiver = {
  lastFailedAgeSeconds: 20,
  lastFailedAt: ago(20),
  lastArchivedAgeSeconds: 9_000,
  lastArchivedAt: ago(9_000),
  waitingSegments: 1_500,
};

describe("archiving-fails", () => {
  it("is claimed for the command, and explains why pg_wal grows", () => {
    const diagnosis = diagnosed({ "pg.wal": { archiver, directoryBytes: 30 * GIB } });
    assert.deepEqual(causesOf(diagnosis), ["critical archiving-fails: archive_command"]);
    assert.deepEqual(firstCause(diagnosis).explains, ["pg-wal-piles-up"]);
  });

  it("does not explain a directory that is full of something else", () => {
    const diagnosis = diagnosed({ "pg.wal": { archiver: { ...archiver, waitingSegments: 40 }, directoryBytes: 30 * GIB } });
    assert.deepEqual(causesOf(diagnosis), ["warning archiving-fails: archive_command"]);
    assert.deepEqual(diagnosis.unexplained, ["pg-wal-piles-up"]);
  });

  it("is not claimed when a slot keeps the WAL and archiving works", () => {
    const diagnosis = diagnosed({ "pg.wal": { directoryBytes: 30 * GIB } });
    assert.deepEqual(causesOf(diagnosis), []);
    assert.deepEqual(diagnosis.unexplained, ["pg-wal-piles-up"]);
  });
});
