import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isOwnStatement } from "./own-statement.ts";

describe("a statement of our own role", () => {
  it("is ours as the frame of a transaction or a look at PostgreSQL's own views", () => {
    for (const one of [
      "begin read only",
      "set local lock_timeout = $1",
      "rollback",
      'select a.pid, a.backend_start as "backendStart"\n from pg_stat_activity a',
    ])
      assert.equal(isOwnStatement(one), true, one);
  });

  it("is not ours as an application's", () => {
    for (const one of [
      'select id as "orderId" from orders',
      "select * from pg_class",
      "begin",
      "set local work_mem = $1",
      "update t set a = $1",
    ])
      assert.equal(isOwnStatement(one), false, one);
  });
});
