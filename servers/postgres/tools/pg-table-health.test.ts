import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { type ToolBench, toolBenchAt } from "../../../test/tool-bench.ts";
import { tableHealth } from "./pg-table-health.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_table_health on ${name}`, () => {
    let server: SandboxServer;
    let bench: ToolBench;

    before(async () => {
      server = await startSandbox({ ...options, settings: { autovacuum: false } });
      await ask(
        server,
        `create schema shop; create table shop.orders (id int primary key, note text, state text not null) with (autovacuum_enabled = false, fillfactor = 80);
         create index on shop.orders (state); create index on shop.orders (lower(note));
         insert into shop.orders select i, repeat('x', 300), 'new' from generate_series(1, 40000) i; update shop.orders set state = 'paid' where id <= 20000;
         create table public.twin (a int); create table shop.twin (a int); create table shop."Odd.Name" (a int)`,
      );
      await ask(server, "analyze");
      bench = await toolBenchAt(server.url(), { tools: [tableHealth] });
    });
    after(async () => {
      await bench?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("puts the worst table first", async () => {
      const { text } = await bench.call(tableHealth, { limit: 3 });
      const lines = text.split("\n");
      assert.match(lines[0] ?? "", /1 with autovacuum off/);
      assert.match(lines[2] ?? "", /shop\.orders .*20,000 .*autovacuum off/);
      assert.ok(Buffer.byteLength(text) < 2048);
    });

    it("describes one table whole", async () => {
      const { text, structured } = await bench.call(tableHealth, { table: "shop.orders" });
      const [table] = tableHealth.output.tables.parse(structured["tables"]);
      assert.deepEqual([table?.deadRows, table?.autovacuumEnabled], [20_000, false]);
      const detail = tableHealth.output.detail.parse(structured["detail"]);
      assert.deepEqual(
        detail?.columns.map((one) => [one.name, one.type, one.notNull]),
        [
          ["id", "integer", true],
          ["note", "text", false],
          ["state", "text", true],
        ],
      );
      assert.equal(detail?.columns[2]?.distinct, 2);
      assert.deepEqual(
        detail?.indexes.map((one) => [one.columns.join(), one.unique, one.valid]),
        [
          ["id", true, true],
          ["(expression)", false, true],
          ["state", false, true],
        ],
      );
      assert.ok((detail?.totalBytes ?? 0) > (table?.sizeBytes ?? Number.NaN));
      assert.match(text, /autovacuum_enabled=false, fillfactor=80/);
      assert.match(text, /Autovacuum OFF/);
      assert.ok(Buffer.byteLength(text) < 4096);
    });

    it("finds a table by its bare name, in any case, and asks which where several have it", async () => {
      assert.match((await bench.call(tableHealth, { table: "orders" })).text, /^shop\.orders/);
      assert.match((await bench.call(tableHealth, { table: "shop.Odd.Name" })).text, /^shop\.Odd\.Name/);
      assert.match((await bench.call(tableHealth, { table: "Odd.Name" })).text, /^shop\.Odd\.Name/);
      await assert.rejects(bench.call(tableHealth, { table: "twin" }), {
        code: "INVALID_ARGUMENT",
        hint: "Say which: public.twin, shop.twin.",
      });
      await assert.rejects(bench.call(tableHealth, { table: "nothing'; drop table t; --" }), { code: "NOT_FOUND" });
    });

    it("describes a table that somebody holds exclusively, but for its exact size", async () => {
      await using sessions = sessionsOn(server);
      const migration = await sessions.open();
      await migration.query("begin; lock table shop.orders in access exclusive mode");
      const { text, structured } = await bench.call(tableHealth, { table: "shop.orders" });
      assert.deepEqual(structured["skipped"], ["exact size of shop.orders: locked"]);
      assert.match(text, /ACCESS EXCLUSIVE/);
      assert.match(text, /20,000 dead/);
    });
  });
}
