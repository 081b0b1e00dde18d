import type { PgWaits } from "../../diagnosis/evidence/pg-activity.ts";
import type { LockWaitRow } from "./queries/locks.ts";
import type { WaitSampleRow } from "./queries/waits.ts";
import { lockedTable, type RelationNames } from "./relation-names.ts";
import { queryText } from "./session.ts";

/** Samples of active sessions, counted by what they wait for. Pure: time and rows are handed in. */
export interface WaitTally {
  add(rows: readonly WaitSampleRow[], atMs: number): void;
  /** What pg_locks says of those that wait for locks, of the same moment as the last sample. */
  addLockWaits(rows: readonly LockWaitRow[], isExact: boolean): void;
  readonly lastSample: { readonly hasLockWaits: boolean };
  /** Statements whose text is known, or which are too many to keep. */
  knownStatements(): readonly string[];
  relationOids(): readonly number[];
  result(intervalMs: number, names: RelationNames): PgWaits;
}

const EVENT_CAP = 40;
const STATEMENT_CAP = 40;
/** Without query ids every text is a statement of its own. */
const TEXT_CAP = 500;

/** One session waiting for one lock, seen in samples without a gap. */
interface Run {
  readonly event: string;
  readonly firstSample: number;
  readonly firstMs: number;
  lastSample: number;
  lastMs: number;
}

interface LockTally {
  samples: number;
  waits: number;
  longestSeconds: number;
  readonly relations: Map<number, number>;
  readonly lockedOids: Map<string, { readonly oids: readonly number[]; times: number }>;
}

export function tallyWaits(): WaitTally {
  const events = new Map<string, { readonly type: string | null; readonly event: string | null; times: number }>();
  const statements = new Map<
    string,
    { readonly key: string; readonly queryId: string | null; readonly type: string | null; readonly event: string | null; times: number }
  >();
  const texts = new Map<string, string>();
  const runs = new Map<string, Run>();
  const lockWaits = new Map<string, LockTally>();
  let samples = 0;
  let clients = 0;
  let firstMs = 0;
  let lastMs = 0;
  let hasLockWaits = false;

  const tallyOf = (event: string): LockTally => {
    const known = lockWaits.get(event);
    if (known !== undefined) return known;
    const made: LockTally = { samples: 0, waits: 0, longestSeconds: 0, relations: new Map(), lockedOids: new Map() };
    lockWaits.set(event, made);
    return made;
  };

  const addLockSample = (row: WaitSampleRow, event: string, atMs: number) => {
    const tally = tallyOf(event);
    tally.samples += 1;
    const key = `${row.pid} ${event} ${row.queryStart}`;
    const run = runs.get(key);
    if (run !== undefined && run.lastSample === samples - 1) {
      run.lastSample = samples;
      run.lastMs = atMs;
      tally.longestSeconds = Math.max(tally.longestSeconds, (atMs - run.firstMs) / 1000);
      return;
    }
    tally.waits += 1;
    runs.set(key, { event, firstSample: samples, firstMs: atMs, lastSample: samples, lastMs: atMs });
  };

  return {
    add(rows, atMs) {
      samples += 1;
      if (samples === 1) firstMs = atMs;
      lastMs = atMs;
      hasLockWaits = false;
      for (const row of rows) {
        if (row.isClient) clients += 1;
        bump(events, `${row.type} ${row.event}`, () => ({ type: row.type, event: row.event, times: 0 }));
        const key = row.queryId ?? row.textHash;
        if (row.query !== null && row.query !== "" && texts.size < TEXT_CAP) texts.set(key, row.query);
        bump(statements, `${key} ${row.type} ${row.event}`, () => ({
          key,
          queryId: row.queryId,
          type: row.type,
          event: row.event,
          times: 0,
        }));
        if (row.type === "Lock" && row.event !== null) {
          hasLockWaits = true;
          addLockSample(row, row.event, atMs);
        }
      }
    },

    addLockWaits(rows, isExact) {
      const since = new Map(
        [...runs.entries()].filter(([, run]) => run.lastSample === samples).map(([key, run]) => [key.split(" ")[0], run]),
      );
      for (const { pid, event, waitSeconds, relationOid, lockedOids } of rows) {
        const run = since.get(String(pid));
        const tally = lockWaits.get(run?.event ?? event);
        if (tally === undefined) continue;
        // Before 14 only the statement's begin is known, which is the wait's at best: believed where no sample saw it without.
        if (waitSeconds !== null && (isExact || run?.firstSample === 1)) tally.longestSeconds = Math.max(tally.longestSeconds, waitSeconds);
        if (relationOid !== null) tally.relations.set(relationOid, (tally.relations.get(relationOid) ?? 0) + 1);
        else if (lockedOids.length > 0) bump(tally.lockedOids, String(lockedOids), () => ({ oids: lockedOids, times: 0 }));
      }
    },

    get lastSample() {
      return { hasLockWaits };
    },

    knownStatements: () => [...texts.keys()],

    relationOids: () => [
      ...new Set(
        [...lockWaits.values()].flatMap((tally) => [
          ...tally.relations.keys(),
          ...[...tally.lockedOids.values()].flatMap(({ oids }) => oids),
        ]),
      ),
    ],

    result(intervalMs, names) {
      const average = (times: number) => (samples === 0 ? 0 : Math.round((times / samples) * 1000) / 1000);
      return {
        samples,
        intervalMs,
        seconds: (lastMs - firstMs) / 1000,
        averageActive: average(clients),
        events: mostFirst(events, EVENT_CAP).map(({ type, event, times }) => ({ type, event, averageSessions: average(times) })),
        statements: mostFirst(statements, STATEMENT_CAP).map(({ key, queryId, type, event, times }) => ({
          queryId,
          query: queryText(texts.get(key) ?? ""),
          type,
          event,
          averageSessions: average(times),
        })),
        lockWaits: [...lockWaits]
          .map(([event, tally]) => ({
            event,
            averageSessions: average(tally.samples),
            distinctWaits: tally.waits,
            longestWaitSeconds: Math.round(tally.longestSeconds * 1000) / 1000,
            relation: mostWanted(tally, names),
          }))
          .toSorted((a, b) => b.averageSessions - a.averageSessions),
      };
    },
  };
}

function bump<Counted extends { times: number }>(counts: Map<string, Counted>, key: string, make: () => Counted): void {
  const counted = counts.get(key) ?? make();
  counted.times += 1;
  counts.set(key, counted);
}

function mostFirst<Counted extends { readonly times: number }>(counts: ReadonlyMap<string, Counted>, cap: number): readonly Counted[] {
  return [...counts.values()].toSorted((a, b) => b.times - a.times).slice(0, cap);
}

/** The relation most often waited for. A waiter that names none, but has locked one table only, waits for a row of that. */
function mostWanted({ relations, lockedOids }: LockTally, names: RelationNames): { schema: string; name: string } | null {
  const times = new Map(relations);
  for (const { oids, times: more } of lockedOids.values()) {
    const oid = lockedTable(oids, names);
    if (oid !== null) times.set(oid, (times.get(oid) ?? 0) + more);
  }
  const [most] = [...times].toSorted((a, b) => b[1] - a[1]);
  const named = most === undefined ? undefined : names.get(most[0]);
  return named === undefined ? null : { schema: named.schema, name: named.name };
}
