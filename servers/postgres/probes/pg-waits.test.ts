import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgWaits } from "../../../diagnosis/evidence/pg-activity.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { CannotLook } from "../probe.ts";
import { waits } from "./pg-waits.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.waits on ${name}`, () => {
    let server: SandboxServer;

    before(async () => {
      server = await startSandbox({ ...options, settings: major >= 14 ? { compute_query_id: "on" } : {} });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login;
         create table orders (id int primary key); insert into orders values (1)`,
      );
    });
    after(() => server?.[Symbol.asyncDispose]());

    const look = async (seconds: number) => {
      await using looker = lookerAt(server.url({ role: "monitor" }));
      const { value } = await looker.look(waits, { seconds });
      assert.deepEqual(PgWaits.parse(value), value);
      return value;
    };

    it("sees nothing active on a quiet server, not even itself", async () => {
      const value = await look(0.3);
      assert.deepEqual([value.averageActive, value.events, value.statements, value.lockWaits], [0, [], [], []]);
      assert.ok(value.samples >= 2);
    });

    it("looks once where no time is given", async () => {
      assert.equal((await look(0)).samples, 1);
    });

    it("shows what active sessions wait for, by event and by statement", async () => {
      await using sessions = sessionsOn(server);
      for (const one of await sessions.openMany(2, { application: "web" })) one.send("select pg_sleep(60)");
      const idle = await sessions.open();
      await idle.query("begin");
      await waitUntil(server, "both sleep", "select count(*) = 2 from pg_stat_activity where wait_event = 'PgSleep'");
      const value = await look(0.5);
      assert.deepEqual(value.events, [{ type: "Timeout", event: "PgSleep", averageSessions: 2 }]);
      assert.equal(value.averageActive, 2);
      assert.deepEqual(value.statements, [
        { queryId: value.statements[0]?.queryId, query: "select pg_sleep(60)", type: "Timeout", event: "PgSleep", averageSessions: 2 },
      ]);
      assert.equal(value.statements[0]?.queryId === null, major < 14);
    });

    it("counts one long wait as one, and knows its row's table and how long it has lasted", async () => {
      await using sessions = sessionsOn(server);
      const [holder, waiter] = await sessions.openMany(2);
      await holder?.query("begin; update orders set id = id");
      waiter?.send("update orders set id = id");
      await waitUntil(
        server,
        "a wait of more than a second",
        "select bool_or(now() - query_start > '1.2 s') from pg_stat_activity where wait_event_type = 'Lock'",
      );
      const [wait, ...others] = (await look(0.4)).lockWaits;
      assert.deepEqual(others, []);
      assert.deepEqual(
        [wait?.event, wait?.averageSessions, wait?.distinctWaits, wait?.relation],
        ["transactionid", 1, 1, { schema: "public", name: "orders" }],
      );
      assert.ok((wait?.longestWaitSeconds ?? 0) > 1.1);
    });

    it("stops when it is told to", async () => {
      await using looker = lookerAt(server.url({ role: "monitor" }));
      const withdrawn = new AbortController();
      const looking = looker.look(waits, { seconds: 3600, signal: withdrawn.signal });
      setTimeout(() => withdrawn.abort(), 200);
      await assert.rejects(looking, { name: "AbortError" });
    });

    it("does not take hidden waits for none", async () => {
      await using sessions = sessionsOn(server);
      await sessions.open({ application: "web" });
      await using looker = lookerAt(server.url({ role: "nobody_special" }));
      await assert.rejects(looker.look(waits), (error) => error instanceof CannotLook && error.because === "no-permission");
    });
  });
}
