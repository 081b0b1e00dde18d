import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WaitSampleRow } from "./queries/waits.ts";
import { tallyWaits } from "./wait-tally.ts";

const row = (pid: number, overrides: Partial<WaitSampleRow> = {}): WaitSampleRow => ({
  pid,
  isClient: true,
  type: null,
  event: null,
  queryId: "42",
  textHash: "1",
  query: null,
  queryStart: "2026-03-02T09:12:33Z",
  ...overrides,
});
const locked = (pid: number, overrides: Partial<WaitSampleRow> = {}) => row(pid, { type: "Lock", event: "transactionid", ...overrides });
const table = (oid: number, kind = "r") => [oid, { oid, schema: "public", name: `t${oid}`, kind }] as const;

describe("tallyWaits", () => {
  it("averages over samples, those without anybody included", () => {
    const tally = tallyWaits();
    tally.add([row(1), row(2, { type: "IO", event: "DataFileRead" })], 0);
    tally.add([], 100);
    tally.add([row(1)], 200);
    tally.add([], 300);
    const result = tally.result(100, new Map());
    assert.deepEqual([result.samples, result.averageActive, result.seconds], [4, 0.75, 0.3]);
    assert.deepEqual(result.events, [
      { type: null, event: null, averageSessions: 0.5 },
      { type: "IO", event: "DataFileRead", averageSessions: 0.25 },
    ]);
  });

  it("counts parallel workers as work, not as sessions", () => {
    const tally = tallyWaits();
    tally.add([row(1), row(2, { isClient: false }), row(3, { isClient: false })], 0);
    const result = tally.result(100, new Map());
    assert.deepEqual([result.averageActive, result.events[0]?.averageSessions], [1, 3]);
  });

  it("asks for the text of a statement once, and keeps statements without a query id apart by their text", () => {
    const tally = tallyWaits();
    tally.add([row(1, { query: "select 1" }), row(2, { queryId: null, textHash: "9", query: "select 2" })], 0);
    assert.deepEqual(tally.knownStatements(), ["42", "9"]);
    tally.add([row(1), row(2, { queryId: null, textHash: "9" })], 100);
    assert.deepEqual(
      tally.result(100, new Map()).statements.map(({ queryId, query, averageSessions }) => [queryId, query, averageSessions]),
      [
        ["42", "select 1", 1],
        [null, "select 2", 1],
      ],
    );
  });

  it("tells one long wait from many short ones of the same session", () => {
    const tally = tallyWaits();
    for (let sample = 0; sample < 6; sample++) {
      const short = sample % 2 === 0 ? [locked(2)] : [];
      const each = locked(3, { queryStart: `2026-03-02T09:12:3${sample}Z` });
      tally.add([locked(1), ...short, each], sample * 100);
    }
    const [wait] = tally.result(100, new Map()).lockWaits;
    // 1 of pid 1, 3 of pid 2 (seen, gone, seen...), 6 of pid 3, whose statements differ.
    assert.deepEqual([wait?.distinctWaits, wait?.longestWaitSeconds, wait?.averageSessions], [10, 0.5, 2.5]);
  });

  it("believes the wait's begin from pg_locks, and a statement's begin only when no sample saw it without the wait", () => {
    const wait = { event: "transactionid", relationOid: 7, lockedOids: [] };
    const tally = tallyWaits();
    tally.add([locked(1)], 0);
    tally.add([locked(1), locked(2)], 100);
    tally.addLockWaits([{ ...wait, pid: 2, waitSeconds: 900 }], false);
    assert.equal(tally.result(100, new Map()).lockWaits[0]?.longestWaitSeconds, 0.1);
    tally.addLockWaits([{ ...wait, pid: 1, waitSeconds: 300 }], false);
    assert.equal(tally.result(100, new Map()).lockWaits[0]?.longestWaitSeconds, 300);
    tally.addLockWaits([{ ...wait, pid: 2, waitSeconds: 900 }], true);
    assert.equal(tally.result(100, new Map()).lockWaits[0]?.longestWaitSeconds, 900);
  });

  it("names the relation most often waited for, or the only table that waiters have locked", () => {
    const names = new Map([table(7), table(8), table(9, "i")]);
    const tally = tallyWaits();
    tally.add([locked(1), locked(2), locked(3), row(4, { type: "Lock", event: "relation" })], 0);
    const wait = { event: "transactionid", waitSeconds: 1, relationOid: null, lockedOids: [8, 9] };
    tally.addLockWaits(
      [
        { ...wait, pid: 1, relationOid: 7, lockedOids: [] },
        { ...wait, pid: 2 },
        { ...wait, pid: 3 },
        { ...wait, pid: 4, event: "relation", lockedOids: [7, 8] },
      ],
      true,
    );
    assert.deepEqual(
      tally.result(100, names).lockWaits.map(({ event, relation }) => [event, relation?.name ?? null]),
      [
        ["transactionid", "t8"],
        ["relation", null],
      ],
    );
  });

  it("keeps the 40 most frequent events and statements", () => {
    const tally = tallyWaits();
    tally.add(
      Array.from({ length: 100 }, (_, index) => row(index, { type: "LWLock", event: `lock ${index}`, queryId: String(index) })),
      0,
    );
    const { events, statements } = tally.result(100, new Map());
    assert.deepEqual([events.length, statements.length], [40, 40]);
  });
});
