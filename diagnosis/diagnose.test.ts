import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { anySnapshot } from "./any-snapshot.ts";
import { CAUSES } from "./causes.ts";
import { diagnose } from "./diagnose.ts";
import { Diagnosis } from "./diagnosis.ts";
import { parseSnapshot, type Snapshot } from "./evidence.ts";
import { exampleSnapshot, lockTree, lockWaiter, parkedSession, refusedSnapshot, sessionGroup, unseen } from "./example.ts";
import { RULES } from "./rules.ts";

const RUNS = { numRuns: 150 };

const leak = {
  "pg.slots": { used: 97, ours: 2 },
  "pg.sessions": {
    total: 95,
    idleInTransaction: 60,
    groups: [sessionGroup({ total: 90, idleInTransaction: 60 })],
    idleInTransactionSessions: Array.from({ length: 50 }, (_, index) => parkedSession(60, { pid: 7000 + index })),
  },
  "pg.locks": { waiting: 1, trees: [lockTree(parkedSession(60, { pid: 7000 }), [lockWaiter({ blockedBy: [7000] })])] },
};

describe("any snapshot that the schema allows", () => {
  it("is diagnosed without a throw, into a diagnosis that the schema allows", () => {
    fc.assert(
      fc.property(anySnapshot(), (snapshot) => void Diagnosis.parse(diagnose(snapshot))),
      RUNS,
    );
  });

  it("has each finding once, under a cause or unexplained, and each cause with its proof", () => {
    fc.assert(
      fc.property(anySnapshot(), (snapshot) => {
        const { causes, findings, unexplained, verdict } = diagnose(snapshot);
        const keys = findings.map(({ key }) => key);
        assert.equal(new Set(keys).size, keys.length, "keys are unique");
        const under = new Set(causes.flatMap(({ proof, explains }) => [...proof, ...explains]));
        assert.deepEqual(
          keys.filter((key) => !under.has(key)),
          unexplained,
        );
        for (const key of under) assert.ok(keys.includes(key), key);
        for (const { id, proof, explains } of causes) {
          const wanted = CAUSES.find((cause) => cause.id === id)?.proof ?? [];
          const proven = findings.filter(({ key }) => proof.includes(key)).map(({ rule }) => rule);
          assert.deepEqual(
            wanted.filter((rule) => !proven.includes(rule)),
            [],
            id,
          );
          assert.deepEqual(
            proof.filter((key) => explains.includes(key)),
            [],
            "proof is no symptom",
          );
        }
        if (findings.some(({ severity }) => severity !== "advice")) assert.equal(verdict, "problems");
      }),
      RUNS,
    );
  });

  it("gives the same diagnosis again, after a round trip through JSON and with its evidence in another order", () => {
    fc.assert(
      fc.property(anySnapshot(), (snapshot) => {
        const reversed = { ...snapshot, evidence: Object.fromEntries(Object.entries(snapshot.evidence).toReversed()) };
        const again = parseSnapshot(JSON.parse(JSON.stringify(reversed)));
        assert.deepEqual({ ...diagnose(again) }, { ...diagnose(snapshot) });
      }),
      RUNS,
    );
  });
});

describe("the verdict", () => {
  it("is problems, healthy, or undecided when what could have been critical was not seen", () => {
    assert.equal(diagnose(exampleSnapshot()).verdict, "healthy");
    assert.equal(diagnose(exampleSnapshot(leak)).verdict, "problems");
    assert.equal(diagnose(exampleSnapshot({ "pg.locks": unseen("timed-out") })).verdict, "undecided");
    assert.equal(diagnose(exampleSnapshot({ "pg.indexes": unseen("timed-out") })).verdict, "healthy");
    assert.equal(diagnose(refusedSnapshot()).verdict, "problems");
  });

  it("is undecided when nothing was seen at all", () => {
    const nothing: Snapshot = { schemaVersion: 1, target: "orders", takenAt: "2026-03-02T09:12:33Z", durationMs: 1, evidence: {} };
    const diagnosis = diagnose(nothing);
    assert.equal(diagnosis.verdict, "undecided");
    assert.deepEqual([diagnosis.causes, diagnosis.findings, diagnosis.looked], [[], [], []]);
    assert.equal(diagnosis.undecided.length, RULES.length);
  });
});

describe("the order of lists in the evidence", () => {
  it("changes neither the causes nor their objects", () => {
    const snapshot = exampleSnapshot(leak);
    const expected = essence(snapshot);
    assert.ok(expected.length > 0);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const shuffled: unknown = shuffle(snapshot, () => numbers.next().value ?? 0);
        assert.deepEqual(essence(parseSnapshot(shuffled)), expected);
      }),
      { numRuns: 30 },
    );
  });
});

describe("what stands under what", () => {
  it("a cause that is only a symptom of another is part of it, and said so", () => {
    const [first, ...others] = diagnose(exampleSnapshot(leak)).causes;
    assert.equal(first?.id, "leaked-transactions");
    assert.deepEqual(others, []);
    assert.match(
      first.ruledOut.find(({ id }) => id === "idle-transaction-blocks")?.because ?? "",
      /^it is part of this: pg-lock-root-idle:pid 7000$/,
    );
  });

  it("two independent troubles are two causes, the graver first", () => {
    const prepared = [{ gid: "b-1", owner: "app", database: "orders", preparedAt: "2026-03-02T08:00:00Z", ageSeconds: 4_000, xidAge: 9 }];
    const { causes } = diagnose(exampleSnapshot({ ...leak, "pg.prepared": { transactions: prepared } }));
    assert.deepEqual(
      causes.map(({ id, severity }) => [id, severity]),
      [
        ["leaked-transactions", "critical"],
        ["orphaned-prepared-transaction", "warning"],
      ],
    );
  });
});

describe("what was ruled out", () => {
  it("names what the picture is taken for, each with what speaks against it", () => {
    const locks = { waiting: 1, trees: [lockTree(parkedSession(60), [lockWaiter()])] };
    const [cause] = diagnose(exampleSnapshot({ "pg.locks": locks })).causes;
    assert.deepEqual(
      cause?.ruledOut.map(({ id }) => id),
      ["leaked-transactions", "ddl-queue", "long-statement-blocks", "lock-order-deadlocks", "hot-row-contention"],
    );
    assert.equal(cause?.ruledOut.find(({ id }) => id === "lock-order-deadlocks")?.because, "no deadlock within 3 s");
  });

  it("says nothing of what could not be seen", () => {
    const locks = { waiting: 1, trees: [lockTree(parkedSession(60), [lockWaiter()])] };
    const [cause] = diagnose(exampleSnapshot({ "pg.locks": locks, "pg.databases": unseen("timed-out") })).causes;
    assert.ok(!cause?.ruledOut.some(({ id }) => id === "lock-order-deadlocks"));
  });

  it("names only causes that there are", () => {
    const ids = new Set(CAUSES.map(({ id }) => id));
    assert.deepEqual(
      CAUSES.flatMap(({ mistakenFor = [] }) => mistakenFor.filter((id) => !ids.has(id))),
      [],
    );
  });
});

function essence(snapshot: Snapshot) {
  return diagnose(snapshot).causes.map(({ id, severity, object, proof, explains }) => ({ id, severity, object, proof, explains }));
}

/** The same with the members of every list of objects in another order. */
function shuffle(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) {
    const members: unknown[] = value.map((member: unknown) => shuffle(member, next));
    if (members.some((member) => typeof member !== "object")) return members;
    return members
      .map((member) => ({ member, place: next() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ member }) => member);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shuffle(member, next)]));
}
