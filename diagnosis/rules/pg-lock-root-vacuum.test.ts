import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, lockTarget, lockTree, lockWaiter, session, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { lockRootVacuum } from "./pg-lock-root-vacuum.ts";

const ddl = lockWaiter({
  session: { pid: 6000, query: "alter table orders add column note text" },
  wants: lockTarget({ lockType: "relation", mode: "AccessExclusiveLock" }),
});
const worker = session({
  pid: 800,
  backendStart: ago(900),
  backendType: "autovacuum worker",
  application: "",
  role: null,
  query: "autovacuum: VACUUM public.orders (to prevent wraparound)",
  xactAgeSeconds: 800,
});
const locks = (root: typeof worker) => ({ "pg.locks": { waiting: 1, trees: [lockTree(root, [ddl])] } });

describe("pg-lock-root-vacuum", () => {
  it("names an autovacuum worker that prevents wraparound, and who waits in front", () => {
    assert.deepEqual(judged(lockRootVacuum, locks(worker)), ["critical pid 800"]);
    const { facts, summary } = firstFound(lockRootVacuum, locks(worker));
    assert.match(summary, /autovacuum worker 800 on public\.orders has run for 13 min 20 s and blocks 1 session/);
    assert.deepEqual([facts["toPreventWraparound"], facts["automatic"], facts["ddlPid"]], [true, true, 6000]);
  });

  it("takes the phase from pg.vacuum", () => {
    const running = {
      pid: 800,
      backendStart: ago(900),
      relation: { schema: "public", name: "orders" },
      database: "orders",
      automatic: true,
      toPreventWraparound: true,
      phase: "scanning heap",
      seconds: 800,
      scannedRatio: 0.25,
      waitEvent: null,
    };
    const { facts } = firstFound(lockRootVacuum, { ...locks(worker), "pg.vacuum": { running: [running] } });
    assert.deepEqual([facts["phase"], facts["scannedRatio"]], ["scanning heap", 0.25]);
  });

  it("knows a VACUUM by hand", () => {
    const byHand = session({ query: "vacuum orders", xactAgeSeconds: 60, queryAgeSeconds: 60 });
    assert.equal(firstFound(lockRootVacuum, locks(byHand)).facts["automatic"], false);
  });

  it("is clear where another statement is the root", () => {
    assert.equal(judged(lockRootVacuum, locks(session({ xactAgeSeconds: 60, query: "select 1" }))), "clear");
    assert.equal(judged(lockRootVacuum), "clear");
  });

  it("is undecided when locks were not seen", () => {
    assert.equal(judged(lockRootVacuum, { "pg.locks": unseen("timed-out") }), "undecided: timed-out");
  });
});
