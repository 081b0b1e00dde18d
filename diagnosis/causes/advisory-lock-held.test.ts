import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTarget, lockTree, lockWaiter, parkedSession, session } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("advisory-lock-held", () => {
  const wants = lockTarget({ lockType: "advisory", mode: "ExclusiveLock", relation: null, advisoryKey: "4242" });
  const locks = (root: ReturnType<typeof session>) => ({ "pg.locks": { waiting: 1, trees: [lockTree(root, [lockWaiter({ wants })])] } });

  it("names the holder, whatever it does, and ends it: a cancel would not free a session's lock", () => {
    for (const root of [session({ state: "idle", xactAgeSeconds: null }), parkedSession(60), session()]) {
      const diagnosis = diagnosed(locks(root));
      assert.deepEqual(causesOf(diagnosis), ["critical advisory-lock-held: pid 4711"]);
      assert.deepEqual(
        firstCause(diagnosis).remedies.map(({ tool }) => tool),
        ["pg_terminate_session"],
      );
      assert.match(firstCause(diagnosis).advice.join(" "), /4242/);
    }
  });

  it("says of a cancel what it would do", () => {
    const said = (root: ReturnType<typeof session>) => firstCause(diagnosed(locks(root))).remedies[0]?.say ?? "";
    assert.match(said(parkedSession(60)), /A cancel would do nothing, it runs no statement/);
    assert.match(said(session()), /A cancel would free it only if it was taken for the transaction/);
  });

  it("is not claimed where rows are waited for", () => {
    const rows = diagnosed({ "pg.locks": { waiting: 1, trees: [lockTree(parkedSession(60), [lockWaiter()])] } });
    assert.deepEqual(causesOf(rows), ["critical idle-transaction-blocks: pid 4711"]);
  });
});
