import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PgPrepared } from "../../../diagnosis/evidence/pg-activity.ts";
import { startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn } from "../../../sandbox/sessions.ts";
import { lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { prepared } from "./pg-prepared.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg.prepared on ${name}`, () => {
    it("lists prepared transactions of every database, oldest first and at most 50", async () => {
      await using server = await startSandbox({ ...options, settings: { max_prepared_transactions: 60 } });
      await ask(server, "create role nobody_special login; create role app login");
      await ask(server, "create database orders");
      await using looker = lookerAt(server.url({ role: "nobody_special" }));
      assert.deepEqual((await looker.look(prepared)).value, { max: 60, transactions: [] });

      await using sessions = sessionsOn(server);
      const app = await sessions.open({ database: "orders", role: "app" });
      await app.query("begin; select txid_current(); prepare transaction 'first'");
      const other = await sessions.open();
      for (let index = 0; index < 51; index++) await other.query(`begin; select txid_current(); prepare transaction 'later ${index}'`);

      const { value, skipped } = await looker.look(prepared);
      assert.deepEqual(PgPrepared.parse(value), value);
      assert.equal(value.transactions.length, 50);
      const [first, second] = value.transactions;
      assert.deepEqual([first?.gid, first?.owner, first?.database, second?.gid], ["first", "app", "orders", "later 0"]);
      assert.ok((first?.ageSeconds ?? -1) >= (second?.ageSeconds ?? 0));
      assert.ok((first?.xidAge ?? 0) > (second?.xidAge ?? 0));
      assert.match(first?.preparedAt ?? "", /^\d{4}-.*Z$/);
      assert.match(skipped.join(), /beyond the 50 oldest/);
    });

    it("has none where the server allows none", async () => {
      await using server = await startSandbox(options);
      await using looker = lookerAt(server.url());
      assert.deepEqual((await looker.look(prepared)).value, { max: 0, transactions: [] });
    });
  });
}
