import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Diagnosis } from "../../../diagnosis/diagnosis.ts";
import { startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { toolBenchAt } from "../../../test/tool-bench.ts";
import { diagnoseDatabase } from "./pg-diagnose.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_diagnose on ${name}`, () => {
    it("names the root of a chain of locks with pg_monitor alone, in less than 6 KB", async () => {
      await using server = await startSandbox(options);
      await ask(
        server,
        "create role monitor login; grant pg_monitor to monitor; create table public.orders (id int primary key, note text)",
      );
      await ask(server, "insert into public.orders values (1, 'a'), (2, 'b')");
      await using sessions = sessionsOn(server);
      const [root, middle, last] = await sessions.openMany(3, { application: "worker" });
      assert.ok(root && middle && last);
      await root.query("begin");
      await root.query("update public.orders set note = 'root' where id = 1");
      await middle.query("begin");
      await middle.query("update public.orders set note = 'middle' where id = 2");
      middle.send("update public.orders set note = 'middle' where id = 1");
      last.send("update public.orders set note = 'last' where id = 2");
      await waitUntil(server, "two wait for longer than a moment", async () => {
        const rows = await ask(
          server,
          "select 1 from pg_stat_activity where wait_event_type = 'Lock' and now() - query_start > interval '6 s'",
        );
        return rows.length === 2;
      });
      await using bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [diagnoseDatabase] });
      const { structured, text } = await bench.call(diagnoseDatabase, { seconds: 0.3, symptom: "the shop hangs" });
      const { verdict, causes } = Diagnosis.parse(structured);
      assert.equal(verdict, "problems");
      assert.equal(causes[0]?.id, "idle-transaction-blocks");
      const object = causes[0]?.object;
      assert.ok(object?.kind === "session");
      assert.equal(object.pid, root.pid);
      assert.deepEqual(
        causes[0]?.remedies.map(({ tool, arguments: given }) => [tool, given["pid"]]),
        [["pg_terminate_session", root.pid]],
      );
      assert.ok(Buffer.byteLength(text) < 6144, `${Buffer.byteLength(text)} bytes`);
      assert.ok(!causes.some(({ id, severity }) => id !== "idle-transaction-blocks" && severity !== "advice"));
    });

    it("says undecided, not healthy, to a role that may see nothing, and which grant would help", async () => {
      await using server = await startSandbox(options);
      await ask(server, "create role stranger login");
      await using sessions = sessionsOn(server);
      await sessions.openMany(3, { application: "worker" });
      await using bench = await toolBenchAt(server.url({ role: "stranger" }), { tools: [diagnoseDatabase] });
      const { structured, text } = await bench.call(diagnoseDatabase, { seconds: 0.2 });
      assert.equal(Diagnosis.parse(structured).verdict, "undecided");
      assert.match(text, /pg_monitor/);
    });
  });
}
