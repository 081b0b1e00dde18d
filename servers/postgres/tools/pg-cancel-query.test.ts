import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, type Session, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { type ToolBench, type ToolBenchOptions, toolBenchAt } from "../../../test/tool-bench.ts";
import { cancelQuery } from "./pg-cancel-query.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg_cancel_query on ${name}`, () => {
    let server: SandboxServer;
    let bench: ToolBench;

    before(async () => {
      server = await startSandbox({
        ...options,
        settings: { autovacuum_naptime: "1s", autovacuum_vacuum_cost_delay: "100ms", autovacuum_vacuum_cost_limit: 1 },
      });
      await ask(
        server,
        `create role operator login; grant pg_monitor, pg_signal_backend to operator;
         create role app login; create table orders (id int primary key); insert into orders values (1), (2);
         grant all on orders to app`,
      );
      bench = await benchAs("operator");
    });
    after(async () => {
      await bench?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const benchAs = (role: string, person?: ToolBenchOptions["person"]) =>
      toolBenchAt(server.url({ role }), { tools: [cancelQuery], ...(person && { person }) });
    const idOf = async ({ pid }: Pick<Session, "pid">) => {
      const [row] = await ask(
        server,
        `select to_char(backend_start at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as start from pg_stat_activity where pid = $1`,
        [pid],
      );
      return { pid, backendStart: String(row?.["start"]) };
    };
    const isCode = (code: string) => (error: unknown) => error instanceof Error && "code" in error && error.code === code;
    const verified = ({ structured }: Awaited<ReturnType<ToolBench["call"]>>) => structured["verification"];

    it("ends the statement of an active blocker, which frees its locks, and leaves the session", async () => {
      await using sessions = sessionsOn(server);
      const blocker = await sessions.open({ application: "report", role: "app" });
      await blocker.query("begin; update orders set id = id where id = 1");
      const running = blocker.send("select pg_sleep(600)");
      const victim = await sessions.open({ role: "app" });
      const waiting = victim.send("update orders set id = id where id = 1");
      await waitUntil(server, "one waits", "select count(*) = 1 from pg_locks where not granted");

      const called = await bench.call(cancelQuery, await idOf(blocker));
      assert.deepEqual(verified(called), {
        worked: true,
        says: `the statement has ended; session ${blocker.pid} is idle in transaction (aborted) and blocks nobody`,
        after: { pid: blocker.pid, state: "idle in transaction (aborted)", waitEventType: "Client", waitEvent: "ClientRead" },
      });
      const failed = await running.outcome;
      assert.equal(failed.kind === "failed" && failed.sqlState, "57014");
      assert.equal((await waiting.outcome).kind, "done");
      assert.ok(blocker.isOpen);
      assert.match(
        bench.plans.at(-1)?.summary ?? "",
        /^Cancel the statement of session \d+ "report" .*"select pg_sleep\(600\)"; it blocks 1 session$/,
      );
    });

    it("says so when the transaction goes on holding what it wrote before a savepoint", async () => {
      await using sessions = sessionsOn(server);
      const blocker = await sessions.open({ role: "app" });
      await blocker.query("begin; update orders set id = id where id = 1; savepoint later");
      const running = blocker.send("select pg_sleep(600)");
      const victim = await sessions.open({ role: "app" });
      victim.send("update orders set id = id where id = 1");
      await waitUntil(server, "one waits", "select count(*) = 1 from pg_locks where not granted");
      const { structured, text } = await bench.call(cancelQuery, await idOf(blocker));
      const verification = structured["verification"];
      assert.ok(typeof verification === "object" && verification !== null && "worked" in verification && "says" in verification);
      assert.equal(verification.worked, false);
      assert.match(String(verification.says), /still blocks 1 session; pg_terminate_session/);
      assert.match(text, /Not verified/);
      assert.equal((await running.outcome).kind, "failed");
    });

    it("refuses an idle session, and points to what would help", async () => {
      await using sessions = sessionsOn(server);
      const parked = await sessions.open({ role: "app" });
      await parked.query("begin; update orders set id = id where id = 2");
      await assert.rejects(bench.call(cancelQuery, await idOf(parked)), (error: unknown) => {
        assert.ok(error instanceof Error && "hint" in error);
        assert.match(error.message, /runs no statement \(idle in transaction\)/);
        assert.match(String(error.hint), /pg_terminate_session/);
        return true;
      });
    });

    it("does not cancel a later statement than the one that was agreed upon", async () => {
      await using sessions = sessionsOn(server);
      const busy = await sessions.open({ role: "app" });
      const first = busy.send("select pg_sleep(600)");
      await waitUntil(server, "it sleeps", "select count(*) = 1 from pg_stat_activity where wait_event = 'PgSleep'");
      const id = await idOf(busy);
      let second = first;
      await using slow = await benchAs("operator", async () => {
        await ask(server, "select pg_cancel_backend($1)", [busy.pid]);
        await first.outcome;
        second = busy.send("select pg_sleep(601)");
        await waitUntil(
          server,
          "it sleeps again",
          "select count(*) = 1 from pg_stat_activity where wait_event = 'PgSleep' and query like '%601%'",
        );
        return "approved";
      });
      await assert.rejects(slow.call(cancelQuery, id), isCode("PLAN_VOID"));
      assert.equal(second.isSettled, false);
    });

    it("reports honestly that a statement ignored the cancel", async () => {
      await ask(
        server,
        `create or replace function stubborn() returns void language plpgsql as $$
         begin loop begin perform pg_sleep(30); exception when query_canceled then null; end; end loop; end $$`,
      );
      await using sessions = sessionsOn(server);
      const busy = await sessions.open({ role: "app" });
      busy.send("select stubborn()");
      await waitUntil(server, "it sleeps", "select count(*) = 1 from pg_stat_activity where wait_event = 'PgSleep'");
      const { text } = await bench.call(cancelQuery, await idOf(busy));
      assert.match(text, /Not verified: the statement still runs after 5 s/);
    });

    it("makes an autovacuum worker give up its table, where the version lets a role do that", async () => {
      await ask(server, "create table if not exists big as select i, repeat('x', 500) as filler from generate_series(1, 20000) i");
      await ask(server, "update big set i = i");
      await waitUntil(
        server,
        "autovacuum is at work",
        "select count(*) > 0 from pg_stat_activity where backend_type = 'autovacuum worker' and query like '%public.big%'",
      );
      const [worker] = await ask(
        server,
        "select pid from pg_stat_activity where backend_type = 'autovacuum worker' and query like '%public.big%'",
      );
      const id = await idOf({ pid: Number(worker?.["pid"]) });
      await assert.rejects(bench.call(cancelQuery, id), isCode("NO_PERMISSION"));
      if (major >= 18) await ask(server, "grant pg_signal_autovacuum_worker to operator");
      await using almighty = await benchAs(major >= 18 ? "operator" : "postgres");
      const { text } = await almighty.call(cancelQuery, id);
      assert.match(text, /Verified/);
      assert.match(almighty.plans.at(-1)?.blastRadius ?? "", /vacuum of this table stops/);
    });
  });
}
