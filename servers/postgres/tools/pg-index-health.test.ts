import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { type ToolBench, toolBenchAt } from "../../../test/tool-bench.ts";
import { indexHealth } from "./pg-index-health.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_index_health on ${name}`, () => {
    let server: SandboxServer;
    let bench: ToolBench;

    before(async () => {
      server = await startSandbox(options);
      await ask(server, "create role monitor login; grant pg_monitor to monitor");
      bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [indexHealth] });
    });
    after(async () => {
      await bench?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("says that there is nothing where there is nothing", async () => {
      const { text } = await bench.call(indexHealth);
      assert.deepEqual(text.split("\n").slice(1), [
        "Invalid, written and never read: none.",
        "Redundant: none.",
        "Never scanned: none.",
        "Foreign keys without an index: none.",
      ]);
    });

    it("names each index with its table, columns and reason, and says when there are more", async () => {
      await ask(
        server,
        `create table parent (id int primary key); create table child (id int primary key, parent_id int references parent, a int, b int);
         insert into child (id, a) select i, 1 from generate_series(1, 100) i;
         create index on child (a, b); create index child_a on child (a); create index child_a_again on child (a); create index child_b on child (b)`,
      );
      await assert.rejects(ask(server, "create unique index concurrently broken on child (a)"));
      const { text, structured } = await bench.call(indexHealth, { limit: 3 });
      assert.match(text, /public\.broken on child using btree \(a\), unique.*drop index concurrently/);
      assert.match(text, /child_a_again on child .*is the same as public\.child_a$/m);
      assert.match(text, /child_a on child .*is the beginning of public\.child_a_b_idx/);
      assert.match(text, /child_parent_id_fkey on public\.child \(parent_id\).* → public\.parent/);
      assert.equal(structured["truncated"], true);
      assert.ok(Buffer.byteLength(text) < 2048);
    });
  });
}
