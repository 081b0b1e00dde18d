import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { toolBenchAt } from "../../../test/tool-bench.ts";
import { waitEvents } from "./pg-wait-events.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_wait_events on ${name}`, () => {
    it("shows what sessions wait for, and says when none is active", async () => {
      await using server = await startSandbox(options);
      await ask(
        server,
        "create role monitor login; grant pg_monitor to monitor; create table orders (id int primary key); insert into orders values (1)",
      );
      await using bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [waitEvents] });
      assert.match((await bench.call(waitEvents, { seconds: 0.3 })).text, /^No session was active in \d+ samples? in /);

      await using sessions = sessionsOn(server);
      const [holder, waiter, sleeper] = await sessions.openMany(3);
      await holder?.query("begin; update orders set id = id");
      waiter?.send("update orders set id = id");
      sleeper?.send("select pg_sleep(60)");
      await waitUntil(server, "both wait", "select count(*) = 2 from pg_stat_activity where wait_event in ('PgSleep', 'transactionid')");
      const { text, structured } = await bench.call(waitEvents, { seconds: 0.5 });
      assert.equal(structured["averageActive"], 2);
      assert.match(text, /^2\.00 sessions active on average/);
      assert.match(text, / {2}1\.00 Timeout\/PgSleep: "select pg_sleep\(60\)"/);
      assert.match(text, / {2}1\.00 transactionid on public\.orders: 1 distinct, longest /);
    });

    it("says which grant is missing instead of showing a calm server", async () => {
      await using server = await startSandbox(options);
      await ask(server, "create role nobody_special login");
      await using sessions = sessionsOn(server);
      await sessions.open({ application: "web" });
      await using bench = await toolBenchAt(server.url({ role: "nobody_special" }), { tools: [waitEvents] });
      await assert.rejects(bench.call(waitEvents, { seconds: 0.2 }), (error: unknown) => {
        assert.ok(error instanceof Error && "code" in error && "hint" in error);
        assert.deepEqual([error.code, error.hint], ["NO_PERMISSION", "grant pg_monitor to the role"]);
        return true;
      });
    });
  });
}
