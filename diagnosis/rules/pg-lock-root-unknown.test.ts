import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, parkedSession, session, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { lockRootUnknown } from "./pg-lock-root-unknown.ts";

const locks = (root: Parameters<typeof lockTree>[0], waitSeconds = 42) => ({
  "pg.locks": { waiting: 1, trees: [lockTree(root, [lockWaiter({ waitSeconds })])] },
});

describe("pg-lock-root-unknown", () => {
  it("names the pid whose state is hidden", () => {
    assert.deepEqual(judged(lockRootUnknown, locks(session({ state: null }))), ["critical pid 4711"]);
    assert.match(firstFound(lockRootUnknown, locks(session({ state: null }))).summary, /wait for pid 4711, .* hidden from our role/);
  });

  it("says when it is a prepared transaction that was not found", () => {
    assert.match(firstFound(lockRootUnknown, locks({ kind: "unknown", pid: 0 })).summary, /prepared transaction, which could not be found/);
  });

  it("is clear when the root can be seen, and when it was gone before it was read", () => {
    assert.equal(judged(lockRootUnknown, locks(parkedSession(60))), "clear");
    assert.equal(judged(lockRootUnknown, locks({ kind: "unknown", pid: 4711 })), "clear");
    assert.equal(judged(lockRootUnknown, locks(session({ state: null }), 2.9)), "clear");
  });

  it("is undecided when locks were not seen", () => {
    assert.equal(judged(lockRootUnknown, { "pg.locks": unseen("timed-out") }), "undecided: timed-out");
  });
});
