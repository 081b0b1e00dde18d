import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { toolBenchAt } from "../../../test/tool-bench.ts";
import { listSessions } from "./pg-sessions.ts";

const Listed = z.object(listSessions.output);

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_sessions on ${name}`, () => {
    it("lists sessions by filter, oldest transaction first, with what the acting tools take", async () => {
      await using server = await startSandbox(options);
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role nobody_special login; create role app login");
      await using bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [listSessions] });
      await using sessions = sessionsOn(server);
      const old = await sessions.open({ application: "checkout", role: "app" });
      await old.query("begin; select 1");
      const young = await sessions.open({ application: "web" });
      await young.query("begin");
      await sessions.openMany(3, { application: "web" });
      const list = async (args: Record<string, unknown> = {}) => {
        const { structured, text } = await bench.call(listSessions, args);
        const parsed = Listed.parse(structured);
        return { ...parsed, text, pids: parsed.sessions.map(({ pid }) => pid) };
      };

      for (const minXactAgeSeconds of [1e308, Number.MAX_SAFE_INTEGER])
        await assert.rejects(list({ minXactAgeSeconds }), { code: "INVALID_ARGUMENT" });
      assert.deepEqual((await list({ minXactAgeSeconds: 315_360_000 })).pids, []);

      const all = await list();
      assert.deepEqual([all.total, all.idle, all.idleInTransaction, all.sessions.length, all.truncated], [5, 3, 2, 5, false]);
      assert.deepEqual(all.pids.slice(0, 2), [old.pid, young.pid]);
      assert.match(all.text, /^5 client sessions: 0 active \(0 waiting for a lock\), 3 idle, 2 idle in a transaction/);
      assert.ok(
        all.text.includes(`  ${old.pid} "checkout" (app@postgres from 127.0.0.1) [${all.sessions[0]?.backendStart}]: idle in transaction`),
      );
      assert.match(
        all.text,
        /4 "web" \(postgres@postgres from 127\.0\.0\.1\): 0 active, 3 idle, 1 idle in a transaction, oldest transaction/,
      );

      assert.deepEqual((await list({ state: "idle in transaction" })).pids, [old.pid, young.pid]);
      assert.deepEqual((await list({ application: "checkout" })).pids, [old.pid]);
      assert.deepEqual((await list({ role: "app", database: "postgres" })).pids, [old.pid]);
      assert.deepEqual((await list({ minXactAgeSeconds: 0.001 })).pids, [old.pid, young.pid]);
      assert.deepEqual((await list({ minXactAgeSeconds: 3600 })).pids, []);
      const few = await list({ limit: 2 });
      assert.deepEqual([few.pids, few.truncated], [[old.pid, young.pid], true]);
      assert.match(few.text, /There are more: filter, or raise limit\.$/);

      await using blind = await toolBenchAt(server.url({ role: "nobody_special" }), { tools: [listSessions] });
      assert.match(
        (await blind.call(listSessions)).text,
        /^5 client sessions\. Other roles' states are hidden from this role: grant pg_monitor/,
      );
    });
  });
}
