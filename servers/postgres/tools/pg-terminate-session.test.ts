import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, type Session, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { startStandby } from "../../../sandbox/standby.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { type ToolBench, type ToolBenchOptions, toolBenchAt } from "../../../test/tool-bench.ts";
import { terminateSession } from "./pg-terminate-session.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_terminate_session on ${name}`, () => {
    let server: SandboxServer;
    let bench: ToolBench;

    before(async () => {
      server = await startSandbox(options);
      await ask(
        server,
        `create role operator login; grant pg_monitor, pg_signal_backend to operator;
         create role monitor login; grant pg_monitor to monitor; create role nobody_special login;
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
      toolBenchAt(server.url({ role }), { tools: [terminateSession], ...(person && { person }) });
    const idOf = async ({ pid }: Pick<Session, "pid">) => {
      const [row] = await ask(server, START, [pid]);
      return { pid, backendStart: String(row?.["start"]) };
    };
    const refusal = (code: string, message: RegExp) => (error: unknown) => {
      assert.ok(error instanceof Error && "code" in error);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    };

    it("refuses what can be no pid, before PostgreSQL does", async () => {
      const backendStart = "2026-01-01T00:00:00Z";
      for (const pid of [2 ** 31, Number.MAX_SAFE_INTEGER, 0, 1.5, "1", null])
        await assert.rejects(bench.call(terminateSession, { pid, backendStart }), refusal("INVALID_ARGUMENT", /pid: /));
      await assert.rejects(bench.call(terminateSession, { pid: 2 ** 31 - 1, backendStart }), refusal("NOT_FOUND", /it has ended/));
    });

    it("says what will be lost, ends the session after a person agreed, frees its locks and sees that it did", async () => {
      await using sessions = sessionsOn(server);
      const parked = await sessions.open({ application: "checkout", role: "app" });
      await parked.query("begin; update orders set id = id where id = 1");
      const victims = await sessions.openMany(3, { role: "app" });
      const waiting = victims.map((victim) => victim.send("update orders set id = id where id = 1"));
      await waitUntil(server, "three wait", "select count(*) = 3 from pg_locks where not granted");
      const id = await idOf(parked);

      const { structured, text } = await bench.call(terminateSession, id);
      assert.deepEqual(structured["result"], { ...id, signalled: true });
      assert.deepEqual(structured["verification"], {
        worked: true,
        says: `session ${parked.pid} has ended; its locks and its slot are free`,
        after: null,
      });
      assert.match(text, /Verified/);
      assert.deepEqual(await Promise.all(waiting.map(async ({ outcome }) => (await outcome).kind)), ["done", "done", "done"]);
      await waitUntil(server, "the client knows", () => !parked.isOpen);

      const plan = bench.plans.at(-1);
      assert.match(
        plan?.summary ?? "",
        /^Terminate session \d+ "checkout" \(app@postgres from 127\.0\.0\.1\): idle in transaction for .*"begin; update orders set id = id where id = 1"; it blocks 3 sessions$/,
      );
      assert.match(plan?.blastRadius ?? "", /Its transaction of .* is rolled back with all that it has written/);
      assert.match(plan?.undo ?? "", /^None/);
    });

    it("does nothing without a person's yes", async () => {
      await using sessions = sessionsOn(server);
      const parked = await sessions.open({ role: "app" });
      await parked.query("begin");
      await using unwilling = await benchAs("operator", async () => "refused");
      await assert.rejects(unwilling.call(terminateSession, await idOf(parked)), refusal("APPROVAL_REFUSED", /said no/));
      assert.deepEqual(await parked.query("select 1 as alive"), [{ alive: 1 }]);
    });

    it("does nothing when the session has moved on while the person thought about it", async () => {
      await using sessions = sessionsOn(server);
      const parked = await sessions.open({ role: "app" });
      await parked.query("begin; select 1");
      await using slow = await benchAs("operator", async () => {
        await parked.query("commit");
        return "approved";
      });
      await assert.rejects(slow.call(terminateSession, await idOf(parked)), refusal("PLAN_VOID", /./));
      assert.deepEqual(await parked.query("select 1 as alive"), [{ alive: 1 }]);
    });

    it("does not take another session with the same pid for the one that was meant", async () => {
      await using sessions = sessionsOn(server);
      const session = await sessions.open({ role: "app" });
      const id = await idOf(session);
      const earlier = id.backendStart.replace(
        /\d{6}Z$/,
        (micros) => `${String((Number.parseInt(micros, 10) + 1) % 1_000_000).padStart(6, "0")}Z`,
      );
      await assert.rejects(bench.call(terminateSession, { ...id, backendStart: earlier }), refusal("NOT_FOUND", /it has ended/));
      assert.deepEqual(await session.query("select 1 as alive"), [{ alive: 1 }]);
    });

    it("takes the same instant however it is spelled", async () => {
      await using sessions = sessionsOn(server);
      const session = await sessions.open({ role: "app" });
      const id = await idOf(session);
      await bench.call(terminateSession, { ...id, backendStart: id.backendStart.replace("Z", "+00:00") });
      await waitUntil(server, "the client knows", () => !session.isOpen);
    });

    it("leaves superusers, our own sessions and PostgreSQL's own processes alone", async () => {
      await using sessions = sessionsOn(server);
      const root = await sessions.open({ application: "psql" });
      await assert.rejects(bench.call(terminateSession, await idOf(root)), refusal("DENIED", /superuser role postgres/));

      // As the superuser, whom PostgreSQL would let do all of it.
      await using almighty = await benchAs("postgres");
      await assert.rejects(almighty.call(terminateSession, await idOf(root)), refusal("DENIED", /superuser role postgres/));
      const [own] = await ask(server, "select pid from pg_stat_activity where usename = 'operator'");
      await assert.rejects(bench.call(terminateSession, await idOf({ pid: Number(own?.["pid"]) })), refusal("DENIED", /one of our own/));
      const [writer] = await ask(server, "select pid from pg_stat_activity where backend_type = 'walwriter'");
      await assert.rejects(almighty.call(terminateSession, await idOf({ pid: Number(writer?.["pid"]) })), refusal("DENIED", /walwriter/));
      assert.deepEqual(await root.query("select 1 as alive"), [{ alive: 1 }]);
    });

    it("says which grant is missing before it asks anybody", async () => {
      await using sessions = sessionsOn(server);
      const session = await sessions.open({ role: "app" });
      const id = await idOf(session);
      await using monitor = await benchAs("monitor");
      await assert.rejects(monitor.call(terminateSession, id), (error: unknown) => {
        assert.ok(error instanceof Error && "hint" in error && "code" in error);
        assert.deepEqual([error.code, error.hint], ["NO_PERMISSION", 'A superuser can run: grant pg_signal_backend to "monitor";']);
        return true;
      });
      assert.deepEqual(monitor.plans, []);
      await using nobody = await benchAs("nobody_special");
      await assert.rejects(nobody.call(terminateSession, id), refusal("NO_PERMISSION", /may not see when it began/));
      assert.deepEqual(await session.query("select 1 as alive"), [{ alive: 1 }]);
    });

    it("may end sessions of its own role without any grant", async () => {
      await using sessions = sessionsOn(server);
      const session = await sessions.open({ application: "web", role: "nobody_special" });
      await using nobody = await benchAs("nobody_special");
      const { text } = await nobody.call(terminateSession, await idOf(session));
      assert.match(text, /Verified/);
    });

    it("refuses a text that is no time, and a pid that is none", async () => {
      await assert.rejects(
        bench.call(terminateSession, { pid: 1, backendStart: "yesterday" }),
        refusal("INVALID_ARGUMENT", /backendStart/),
      );
      await assert.rejects(
        bench.call(terminateSession, { pid: -1, backendStart: "2026-03-02T09:12:33Z" }),
        refusal("INVALID_ARGUMENT", /pid/),
      );
    });
  });
}

describe("pg_terminate_session on a standby", () => {
  it("ends a session where no transaction can be read write", async () => {
    await using primary = await startSandbox();
    await ask(primary, "create role operator login; grant pg_monitor, pg_signal_backend to operator; create role app login");
    await using standby = await startStandby(primary);
    await standby.untilCaughtUp();
    await using sessions = sessionsOn(standby.server);
    const parked = await sessions.open({ role: "app" });
    await parked.query("begin; select 1");
    const [row] = await ask(standby.server, START, [parked.pid]);
    await using bench = await toolBenchAt(standby.server.url({ role: "operator" }), { tools: [terminateSession] });
    const { text } = await bench.call(terminateSession, { pid: parked.pid, backendStart: String(row?.["start"]) });
    assert.match(text, /Verified/);
  });
});

const START = `select to_char(backend_start at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as start from pg_stat_activity where pid = $1`;
