import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ContestedLock, conflicts, growLockTrees } from "./lock-trees.ts";

type Lock = ContestedLock<string>;

const holder = (pid: number, tag: number, mode = "ExclusiveLock", xactAgeSeconds: number | null = null): Lock => ({
  tag,
  pid,
  preparedXid: null,
  mode,
  granted: true,
  waitSeconds: null,
  xactAgeSeconds,
  blockedBy: null,
  target: `${mode} on ${tag}`,
});
const preparedHolder = (preparedXid: string, tag: number, mode = "ExclusiveLock"): Lock => ({
  ...holder(0, tag, mode),
  pid: null,
  preparedXid,
});
const waiter = (pid: number, tag: number, blockedBy: readonly number[], mode = "ShareLock", waitSeconds: number | null = 1): Lock => ({
  ...holder(pid, tag, mode),
  granted: false,
  waitSeconds,
  blockedBy,
});
const grow = (locks: readonly Lock[], own: readonly number[] = []) => growLockTrees(locks, own, (held) => held.target);
const shapeOf = ({ trees }: ReturnType<typeof grow>) =>
  trees.map(({ root, blocked, depth, waiters }) => ({ root, blocked, depth, waiters: waiters.map((one) => [one.pid, one.depth]) }));

describe("growLockTrees", () => {
  it("makes one tree of a chain, with the one at its root that waits for nobody", () => {
    const forest = grow([holder(1, 10), waiter(2, 10, [1]), holder(2, 20), waiter(3, 20, [2], "ShareLock", 7)]);
    assert.deepEqual(shapeOf(forest), [
      {
        root: 1,
        blocked: 2,
        depth: 2,
        waiters: [
          [2, 1],
          [3, 2],
        ],
      },
    ]);
    assert.equal(forest.waiting, 2);
    assert.deepEqual(forest.trees[0]?.holds, ["ExclusiveLock on 10"]);
    assert.equal(forest.trees[0]?.longestWaitSeconds, 7);
    assert.deepEqual(forest.cycles, []);
  });

  it("keeps two incidents apart, the one with more victims first", () => {
    const forest = grow([holder(1, 10), waiter(2, 10, [1]), holder(5, 50), waiter(6, 50, [5]), waiter(7, 50, [5])]);
    assert.deepEqual(
      shapeOf(forest).map(({ root, blocked }) => [root, blocked]),
      [
        [5, 2],
        [1, 1],
      ],
    );
  });

  it("prefers the older transaction between roots with the same victims", () => {
    const locks = [
      holder(1, 10, "AccessShareLock", 3),
      holder(2, 10, "AccessShareLock", 300),
      waiter(9, 10, [1, 2], "AccessExclusiveLock"),
    ];
    assert.deepEqual(
      grow(locks).trees.map(({ root }) => root),
      [2, 1],
    );
  });

  it("counts a waiter below two blockers once, at its shortest distance", () => {
    const locks = [
      holder(1, 10),
      waiter(2, 10, [1]),
      waiter(3, 10, [1]),
      holder(2, 20, "ShareLock"),
      holder(3, 20, "ShareLock"),
      waiter(4, 20, [2, 3], "ExclusiveLock"),
    ];
    assert.deepEqual(shapeOf(grow(locks)), [
      {
        root: 1,
        blocked: 3,
        depth: 2,
        waiters: [
          [2, 1],
          [3, 1],
          [4, 2],
        ],
      },
    ]);
  });

  it("reports a cycle and ends, and leaves those behind it without a root", () => {
    const forest = grow([holder(1, 10), holder(2, 20), waiter(1, 20, [2]), waiter(2, 10, [1]), waiter(3, 10, [1])]);
    assert.deepEqual(forest.cycles, [[1, 2]]);
    assert.deepEqual(forest.trees, []);
    assert.equal(forest.waiting, 3);
  });

  it("finds a cycle below a root, too", () => {
    const locks = [
      holder(1, 10, "ShareLock"),
      holder(9, 10, "ShareLock"),
      waiter(2, 10, [1, 9], "ExclusiveLock"),
      holder(2, 20),
      waiter(1, 20, [2]),
    ];
    const forest = grow(locks);
    assert.deepEqual(forest.cycles, [[1, 2]]);
    assert.deepEqual(shapeOf(forest)[0]?.root, 9);
    assert.equal(forest.trees[0]?.blocked, 2);
  });

  it("takes the prepared transaction that really holds a conflicting lock for pid 0", () => {
    const forest = grow([
      preparedHolder("733", 10),
      preparedHolder("734", 10, "AccessShareLock"),
      preparedHolder("735", 99),
      waiter(2, 10, [0]),
    ]);
    assert.deepEqual(
      forest.trees.map(({ root }) => root),
      [{ preparedXid: "733" }],
    );
    assert.deepEqual(forest.trees[0]?.waiters[0]?.blockedBy, [0]);
    assert.deepEqual(forest.trees[0]?.holds, ["ExclusiveLock on 10"]);
  });

  it("has a root without a name when the prepared transaction is gone", () => {
    assert.deepEqual(
      grow([waiter(2, 10, [0])]).trees.map(({ root }) => root),
      [{ preparedXid: null }],
    );
  });

  it("tells those that hold the lock from those that only wait before one: a DDL queue", () => {
    const locks = [
      holder(1, 10, "AccessShareLock"),
      waiter(2, 10, [1], "AccessExclusiveLock", 9),
      waiter(3, 10, [2], "AccessShareLock", 5),
      waiter(4, 10, [2], "AccessShareLock", 4),
    ];
    const [tree] = grow(locks).trees;
    assert.equal(tree?.root, 1);
    assert.equal(tree?.blocked, 3);
    assert.deepEqual(
      tree?.waiters.map(({ pid, depth, queuedBehind }) => [pid, depth, queuedBehind]),
      [
        [2, 1, []],
        [3, 2, [2]],
        [4, 2, [2]],
      ],
    );
    assert.deepEqual(tree?.holds, ["AccessShareLock on 10"]);
  });

  it("counts a blocker as holder when it holds one mode and waits for a stronger one", () => {
    const locks = [
      holder(1, 10, "RowExclusiveLock"),
      waiter(1, 10, [5], "AccessExclusiveLock"),
      holder(5, 10, "RowExclusiveLock"),
      waiter(2, 10, [1, 5], "ShareLock"),
    ];
    const behind = grow(locks).trees[0]?.waiters.find(({ pid }) => pid === 2);
    assert.deepEqual(behind?.queuedBehind, []);
    assert.deepEqual(behind?.blockedBy, [1, 5]);
  });

  it("keeps a root that is gone already: whoever waits for it has to be shown", () => {
    const forest = grow([waiter(2, 10, [1])]);
    assert.deepEqual(shapeOf(forest), [{ root: 1, blocked: 1, depth: 1, waiters: [[2, 1]] }]);
    assert.deepEqual(forest.trees[0]?.holds, []);
  });

  it("sees neither our own waiters nor our own blockers", () => {
    const forest = grow([holder(77, 10), waiter(2, 10, [77]), waiter(78, 10, [77, 2])], [77, 78]);
    assert.deepEqual(forest, { waiting: 0, trees: [], cycles: [] });
  });

  it("forgets a waiter that was let through between the two readings", () => {
    assert.equal(grow([holder(1, 10), waiter(2, 10, [])]).waiting, 0);
  });

  it("names a blocker once, although a parallel query's workers make pg_blocking_pids repeat its leader", () => {
    assert.deepEqual(grow([holder(1, 10), waiter(2, 10, [1, 1, 1])]).trees[0]?.waiters[0]?.blockedBy, [1]);
  });

  it("stays bounded with 500 waiters for one row, of which each waits behind all before it", () => {
    const first = 1000;
    const queue = Array.from({ length: 500 }, (_, index) => first + index);
    const locks = [
      holder(1, 10),
      waiter(first, 10, [1], "ShareLock", 500),
      holder(first, 20),
      ...queue.slice(1).map((pid, index) => waiter(pid, 20, queue.slice(0, index + 1), "ExclusiveLock", 499 - index)),
    ];
    const forest = grow(locks);
    assert.equal(forest.trees.length, 1);
    const [tree] = forest.trees;
    assert.equal(tree?.blocked, 500);
    assert.equal(tree?.waiters.length, 20);
    assert.deepEqual([tree?.waiters[0]?.pid, tree?.waiters[1]?.pid, tree?.waiters[1]?.depth], [first, first + 1, 2]);
    assert.ok(tree?.waiters.every(({ blockedBy }) => blockedBy.length <= 20));
    assert.deepEqual(forest.cycles, []);
  });

  it("shows something of every depth before it shows more of one", () => {
    const chain = Array.from({ length: 15 }, (_, index) => [holder(index + 1, index), waiter(index + 2, index, [index + 1])]).flat();
    const crowd = Array.from({ length: 30 }, (_, index) => waiter(100 + index, 0, [1], "ShareLock", 100 + index));
    const [tree] = grow([...chain, ...crowd]).trees;
    assert.equal(tree?.blocked, 45);
    assert.deepEqual(
      [...new Set(tree?.waiters.map(({ depth }) => depth))],
      Array.from({ length: 15 }, (_, index) => index + 1),
    );
    assert.equal(tree?.waiters[0]?.pid, 129);
  });

  it("keeps the 20 worst of many trees", () => {
    const locks = Array.from({ length: 30 }, (_, index) => [
      holder(index + 1, index),
      ...Array.from({ length: index + 1 }, (_unused, victim) => waiter(1000 + index * 100 + victim, index, [index + 1])),
    ]).flat();
    const { trees } = grow(locks);
    assert.deepEqual(
      trees.map(({ blocked }) => blocked),
      Array.from({ length: 20 }, (_, index) => 30 - index),
    );
  });

  it("is not hurt by a chain far deeper than our own stack would be", () => {
    const depth = 20_000;
    const locks = Array.from({ length: depth }, (_, index) => [holder(index + 1, index), waiter(index + 2, index, [index + 1])]).flat();
    assert.equal(grow(locks).trees[0]?.depth, depth);
  });

  it("takes an unknown wait for 0 seconds", () => {
    assert.equal(grow([holder(1, 10), waiter(2, 10, [1], "ShareLock", null)]).trees[0]?.longestWaitSeconds, 0);
  });
});

describe("conflicts", () => {
  it("is symmetric, as in the manual's table 13.2", () => {
    const modes = [
      "AccessShare",
      "RowShare",
      "RowExclusive",
      "ShareUpdateExclusive",
      "Share",
      "ShareRowExclusive",
      "Exclusive",
      "AccessExclusive",
    ];
    const table = modes.map((held) => modes.map((wanted) => (conflicts(`${held}Lock`, `${wanted}Lock`) ? "X" : ".")).join(""));
    assert.deepEqual(table, [".......X", "......XX", "....XXXX", "...XXXXX", "..XX.XXX", "..XXXXXX", ".XXXXXXX", "XXXXXXXX"]);
  });
});
