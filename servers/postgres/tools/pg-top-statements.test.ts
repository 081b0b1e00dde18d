import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { type ToolBench, toolBenchAt } from "../../../test/tool-bench.ts";
import { topStatements } from "./pg-top-statements.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_top_statements on ${name}`, () => {
    let server: SandboxServer;
    let bench: ToolBench;

    before(async () => {
      server = await startSandbox(options);
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create extension pg_stat_statements;
         create table t (id int primary key); insert into t select generate_series(1, 1000)`,
      );
      await ask(server, "create database empty");
      bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [topStatements] });
    });
    after(async () => {
      await bench?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    /** Goes on until `call` is done: then some of it lies in the window, whatever the clock does. */
    const meanwhile = async <T>(statement: string, call: () => Promise<T>): Promise<T> => {
      await using sessions = sessionsOn(server);
      const session = await sessions.open({ application: "shop" });
      await session.query(statement);
      let isDone = false;
      const work = (async () => {
        while (!isDone) await session.query(statement);
      })();
      try {
        return await call();
      } finally {
        isDone = true;
        await work;
      }
    };
    const first = (text: string) => text.split("\n")[2] ?? "";

    it("shows what runs in the window, by the order that was asked for", async () => {
      const often = "select id from t where id = 7";
      const { text, structured } = await meanwhile(often, () => bench.call(topStatements, { seconds: 0.5, orderBy: "calls", limit: 3 }));
      assert.match(first(text), /select id from t where id = \$1/);
      const { statements } = topStatements.output;
      assert.equal(statements.parse(structured["statements"]).length, 3);
      const spills = "set work_mem = '64kB'; select count(*) from (select i from generate_series(1, 30000) i order by md5(i::text)) s";
      const temp = await meanwhile(spills, () => bench.call(topStatements, { seconds: 0.5, orderBy: "temp", limit: 1 }));
      assert.match(first(temp.text), /order by md5|generate_series/);
    });

    it("fits into two kilobytes", async () => {
      const { text } = await bench.call(topStatements, { seconds: 0.2 });
      assert.ok(Buffer.byteLength(text) < 2048, String(Buffer.byteLength(text)));
    });

    it("says how to get pg_stat_statements where it is missing", async () => {
      await using elsewhere = await toolBenchAt(server.url({ role: "monitor", database: "empty" }), { tools: [topStatements] });
      await assert.rejects(elsewhere.call(topStatements, { seconds: 0.2 }), {
        code: "UNSUPPORTED",
        hint: "create extension pg_stat_statements",
      });
    });
  });
}
