import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { type ToolBench, toolBenchAt } from "../../../test/tool-bench.ts";
import { vacuumStatus } from "./pg-vacuum-status.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_vacuum_status on ${name}`, () => {
    let server: SandboxServer;
    let bench: ToolBench;

    before(async () => {
      server = await startSandbox({ ...options, settings: { max_prepared_transactions: 5, autovacuum_naptime: "1h" } });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login;
         create table orders (id int primary key, state text); insert into orders select i, 'new' from generate_series(1, 5000) i`,
      );
      await ask(server, "vacuum analyze orders");
      bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [vacuumStatus] });
    });
    after(async () => {
      await bench?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("says that all is well where it is", async () => {
      const { text } = await bench.call(vacuumStatus);
      assert.match(text, /Autovacuum is on: 3 workers/);
      assert.match(text, /Nobody holds back/);
      assert.match(text, /No table waits for vacuum/);
    });

    it("names who holds back what, with what pg_terminate_session needs, and the table that waits", async () => {
      await using sessions = sessionsOn(server);
      const reader = await sessions.open({ application: "report" });
      await reader.query("begin isolation level repeatable read; select count(*) from orders");
      await ask(server, "begin; insert into orders values (0, 'x'); prepare transaction 'orphan'");
      try {
        await ask(server, "update orders set state = 'paid' where id > 0");
        await waitUntil(server, "dead rows", "select n_dead_tup = 5000 from pg_stat_user_tables where relname = 'orders'");
        const { text } = await bench.call(vacuumStatus);
        assert.match(text, new RegExp(`session ${reader.pid} \\[.*Z\\] "report" \\(postgres@postgres\\), idle in transaction`));
        assert.match(text, /prepared transaction "orphan" in postgres/);
        assert.match(text, /public\.orders +5,000 +1,050/);
        assert.ok(Buffer.byteLength(text) < 2048);
      } finally {
        await ask(server, "rollback prepared 'orphan'");
      }
    });

    it("does not pass off what it cannot see as nobody", async () => {
      await using bare = await toolBenchAt(server.url({ role: "nobody_special" }), { tools: [vacuumStatus] });
      assert.match((await bare.call(vacuumStatus)).text, /Not seen: other roles' sessions \(grant pg_monitor\)/);
    });
  });
}
