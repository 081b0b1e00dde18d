import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgTables, type Table } from "../../../diagnosis/evidence/pg-storage.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { during } from "../../../test/during.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { tables } from "./pg-tables.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.tables on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox({ ...options, settings: { autovacuum: false } });
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role nobody_special login; create schema shop");
      await ask(
        server,
        `create table shop.orders (id int primary key, note text, state text);
         insert into shop.orders select i, repeat('x', 100), 'new' from generate_series(1, 10000) i;
         create table shop.queue (id int, body text) with (autovacuum_enabled = false, autovacuum_vacuum_threshold = 7, autovacuum_vacuum_scale_factor = 0);
         insert into shop.queue select i, repeat(md5(i::text), 200) from generate_series(1, 300) i;
         alter table shop.queue alter body set storage external; insert into shop.queue select i, repeat(md5(i::text), 200) from generate_series(1, 300) i`,
      );
      await ask(server, "vacuum analyze shop.orders");
      await ask(server, "vacuum analyze shop.queue");
      await counted("shop.orders", "last_vacuum is not null");
      looker = lookerAt(server.url());
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const table = (evidence: PgTables, wanted: string): Table => {
      const found = evidence.tables.find((one) => `${one.schema}.${one.name}` === wanted);
      assert.ok(found !== undefined, `${wanted} is not among ${evidence.tables.map((one) => one.name).join(", ")}`);
      return found;
    };
    const counted = (relation: string, condition: string) =>
      waitUntil(server, `${condition} on ${relation}`, `select ${condition} from pg_stat_all_tables where relid = '${relation}'::regclass`);

    it("describes tables with sizes, thresholds and totals of all", async () => {
      const { value } = await looker.look(tables);
      assert.deepEqual(PgTables.parse(value), value);
      const orders = table(value, "shop.orders");
      assert.equal(orders.liveRows, 10_000);
      assert.equal(orders.vacuumThresholdRows, 50 + 0.2 * 10_000);
      assert.equal(orders.analyzeThresholdRows, 50 + 0.1 * 10_000);
      assert.deepEqual([orders.indexes, orders.autovacuumEnabled, orders.options, orders.lockedExclusively], [1, true, [], false]);
      assert.match(orders.lastVacuum ?? "", /Z$/);
      assert.equal(orders.freezeMaxAge, 200_000_000);
      const [row] = await ask(
        server,
        `select count(*)::int as total, sum(relpages)::int * 8192 as bytes, (select relpages * 8192 from pg_class where oid = 'shop.orders'::regclass) as orders
         from pg_class where relkind in ('r', 'm', 't')`,
      );
      assert.deepEqual([value.total, value.totalBytes, orders.sizeBytes], [row?.["total"], row?.["bytes"], row?.["orders"]]);
    });

    it("obeys a table's own options, and its toast table obeys them too", async () => {
      const { value } = await looker.look(tables);
      const queue = table(value, "shop.queue");
      assert.deepEqual([queue.autovacuumEnabled, queue.vacuumThresholdRows], [false, 7]);
      assert.ok(queue.options.includes("autovacuum_enabled=false"));
      assert.equal(value.withAutovacuumDisabled, 1);
      const [row] = await ask(
        server,
        "select 'pg_toast.' || t.relname as name from pg_class c join pg_class t on t.oid = c.reltoastrelid where c.relname = 'queue'",
      );
      const toast = table(value, String(row?.["name"]));
      assert.deepEqual([toast.kind, toast.autovacuumEnabled, toast.vacuumThresholdRows], ["t", false, 7]);
    });

    it("counts dead rows that an old snapshot keeps, beyond the threshold", async () => {
      await using sessions = sessionsOn(server);
      const reader = await sessions.open();
      await reader.query("begin isolation level repeatable read; select count(*) from shop.orders");
      await ask(server, "update shop.orders set state = 'paid' where id <= 4000");
      await counted("shop.orders", "n_dead_tup = 4000");
      await ask(server, "vacuum shop.orders");
      const { value } = await looker.look(tables);
      const orders = table(value, "shop.orders");
      assert.equal(orders.deadRows, 4000);
      assert.ok(orders.deadRows > orders.vacuumThresholdRows);
      assert.equal(value.overVacuumThreshold, 1);
    });

    it("gives rates of what happens between the readings", async () => {
      const work = async () => {
        await ask(
          server,
          `select count(*) from shop.orders; insert into shop.orders select i, '', '' from generate_series(20001, 20100) i;
           delete from shop.orders where id > 20090; set enable_seqscan = off; select * from shop.orders where id = 7`,
        );
        await counted("shop.orders", "n_tup_del > 0");
      };
      const { value } = await looker.look(during(tables, work));
      const orders = table(value, "shop.orders");
      const inWindow = (rate: number) => Math.round(rate * value.windowSeconds);
      assert.deepEqual([inWindow(orders.rowsInsertedPerSecond), inWindow(orders.rowsDeletedPerSecond)], [100, 10]);
      assert.ok(inWindow(orders.seqScansPerSecond) >= 1 && inWindow(orders.indexScansPerSecond) >= 1);
      assert.ok(inWindow(orders.seqRowsReadPerSecond) >= 10_000);
    });

    it("estimates bloat within the table's size, and not where nothing is bloated", async () => {
      await ask(
        server,
        `create table shop.swollen as select i as id, repeat('x', 100) as note from generate_series(1, 20000) i;
         create table shop.tight as select i as id, repeat('x', 100) as note from generate_series(1, 20000) i;
         delete from shop.swollen where id % 10 <> 0`,
      );
      for (const one of ["swollen", "tight"]) await ask(server, `vacuum analyze shop.${one}`);
      const { value } = await looker.look(tables);
      const swollen = table(value, "shop.swollen");
      const bloat = swollen.estimatedBloatBytes ?? 0;
      assert.ok(bloat > swollen.sizeBytes * 0.8 && bloat <= swollen.sizeBytes, `${bloat} of ${swollen.sizeBytes}`);
      const tight = table(value, "shop.tight");
      assert.ok((tight.estimatedBloatBytes ?? Number.NaN) < tight.sizeBytes * 0.1);
    });

    it("does not guess bloat without statistics, its own or those that the role may see", async () => {
      await ask(server, "create table shop.unknown as select i as id from generate_series(1, 5000) i");
      await ask(server, "vacuum shop.unknown");
      assert.equal(table((await looker.look(tables)).value, "shop.unknown").estimatedBloatBytes, null);
      await using monitor = lookerAt(server.url({ role: "monitor" }));
      const seen = table((await monitor.look(tables)).value, "shop.swollen");
      assert.equal(seen.estimatedBloatBytes, null);
    });

    it("marks what a session holds or awaits exclusively, without waiting for it", async () => {
      await using sessions = sessionsOn(server);
      const [reader, migration] = await sessions.openMany(2);
      assert.ok(reader !== undefined && migration !== undefined);
      await reader.query("begin; select count(*) from shop.tight");
      migration.send("alter table shop.tight add column a int");
      await waitUntil(server, "the queue", "select count(*) > 0 from pg_locks where not granted");
      const { value } = await looker.look(tables);
      assert.equal(table(value, "shop.tight").lockedExclusively, true);
      assert.equal(table(value, "shop.orders").lockedExclusively, false);
    });

    it("needs no grant", async () => {
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      const { value } = await nobody.look(tables);
      assert.equal(table(value, "shop.orders").autovacuumEnabled, true);
    });

    const belowMaximum = async () => {
      await server.reload({ autovacuum_vacuum_max_threshold: 1000 });
      await waitUntil(server, "the setting", "select setting = '1000' from pg_settings where name = 'autovacuum_vacuum_max_threshold'");
      const { value } = await looker.look(tables);
      assert.equal(table(value, "shop.orders").vacuumThresholdRows, 1000);
    };
    if (major >= 18) it("keeps the threshold below autovacuum_vacuum_max_threshold", belowMaximum);
  });
}
