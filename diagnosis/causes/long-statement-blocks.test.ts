import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockTree, lockWaiter, session } from "../example.ts";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

describe("long-statement-blocks", () => {
  const running = { xactAgeSeconds: 60, queryAgeSeconds: 60, stateAgeSeconds: 60 };
  const locks = (root: ReturnType<typeof session>) => ({
    "pg.locks": { waiting: 1, trees: [lockTree(root, [lockWaiter({ waitSeconds: 9 })])] },
  });
  const toolsFor = (root: ReturnType<typeof session>) => firstCause(diagnosed(locks(root))).remedies.map(({ tool }) => tool);

  it("cancels the statement first, and ends the session where that was not enough", () => {
    assert.deepEqual(causesOf(diagnosed(locks(session(running)))), ["warning long-statement-blocks: pid 4711"]);
    assert.deepEqual(toolsFor(session(running)), ["pg_cancel_query", "pg_terminate_session"]);
  });

  it("ends the session where no statement runs now, or it cannot send its answer", () => {
    assert.deepEqual(toolsFor(session({ ...running, state: "idle in transaction", stateAgeSeconds: 0.01 })), ["pg_terminate_session"]);
    assert.deepEqual(toolsFor(session({ ...running, waitEventType: "Client", waitEvent: "ClientWrite" })), ["pg_terminate_session"]);
  });

  it("is not claimed for a statement of two seconds", () => {
    assert.deepEqual(causesOf(diagnosed(locks(session({ xactAgeSeconds: 2, queryAgeSeconds: 2 })))), []);
  });
});
