import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgDatabases } from "../../../diagnosis/evidence/pg-storage.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { during } from "../../../test/during.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { databases } from "./pg-databases.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.databases on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox({ ...options, settings: { deadlock_timeout: "50ms", autovacuum: false } });
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role nobody_special login");
      await ask(server, "create database closed connection limit 7");
      await ask(server, "revoke connect on database closed from public");
      await ask(server, "create table t (id int primary key); insert into t select generate_series(1, 1000)");
      looker = lookerAt(server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const own = (evidence: PgDatabases) => {
      const found = evidence.databases.find((one) => one.name === "postgres");
      assert.ok(found !== undefined);
      return found;
    };
    const counted = (what: string, condition: string) =>
      waitUntil(server, what, `select ${condition} from pg_stat_database where datname = 'postgres'`);

    it("lists every database with size, limit and ages", async () => {
      const { value } = await looker.look(databases);
      assert.deepEqual(PgDatabases.parse(value), value);
      assert.deepEqual(value.databases.map((one) => one.name).toSorted(), ["closed", "postgres", "template0", "template1"]);
      const closed = value.databases.find((one) => one.name === "closed");
      assert.deepEqual([closed?.connectionLimit, closed?.allowsConnections, closed?.isTemplate], [7, true, false]);
      assert.equal(value.databases.find((one) => one.name === "template0")?.allowsConnections, false);
      for (const one of value.databases) assert.ok((one.sizeBytes ?? 0) > 1_000_000 && one.freezeAge > 0, one.name);
    });

    it("turns two readings into rates and counts of the window", async () => {
      const work = async () => {
        await ask(server, "do $$ begin for i in 1..50 loop update t set id = id where id = i; commit; end loop; end $$");
        await counted("50 updates", "tup_updated >= 50");
      };
      const { value } = await looker.look(during(databases, work));
      const database = own(value);
      assert.ok(database.commitsPerSecond * value.windowSeconds >= 50);
      assert.ok(Math.round(database.rowsUpdatedPerSecond * value.windowSeconds) === 50);
      assert.ok(database.hitRatio !== null && database.hitRatio > 0 && database.hitRatio <= 1);
      assert.equal(database.sessionsStartedInWindow === null, major < 14);
    });

    it("counts deadlocks of the window, and does not count those of before", async () => {
      const deadlock = async () => {
        await using sessions = sessionsOn(server);
        const [a, b] = await sessions.openMany(2);
        assert.ok(a !== undefined && b !== undefined);
        await a.query("begin; update t set id = id where id = 1");
        await b.query("begin; update t set id = id where id = 2");
        const waits = [a.send("update t set id = id where id = 2"), b.send("update t set id = id where id = 1")];
        const outcomes = await Promise.all(waits.map((one) => one.outcome));
        assert.equal(outcomes.filter((one) => one.kind === "failed" && one.sqlState === "40P01").length, 1);
      };
      const { value } = await looker.look(
        during(databases, async () => {
          await deadlock();
          await counted("a deadlock", "deadlocks = 1");
        }),
      );
      assert.deepEqual([own(value).deadlocksInWindow, own(value).deadlocksTotal], [1, 1]);
      const later = own((await looker.look(databases)).value);
      assert.deepEqual([later.deadlocksInWindow, later.deadlocksTotal], [0, 1]);
    });

    it("counts temporary files", async () => {
      const spill = async () => {
        await ask(
          server,
          "set work_mem = '64kB'; select count(*) from (select i from generate_series(1, 100000) i order by md5(i::text)) s",
        );
        await counted("a temporary file", "temp_files > 0");
      };
      const { value } = await looker.look(during(databases, spill));
      assert.ok(own(value).tempFilesInWindow >= 1);
      assert.ok(own(value).tempBytesPerSecond > 0);
    });

    it("takes a reset between the readings as counting from zero", async () => {
      await ask(server, "do $$ begin for i in 1..50 loop update t set id = id where id = i; commit; end loop; end $$");
      const reset = async () => {
        await ask(server, "select pg_stat_reset()");
        await counted("the reset", "tup_updated < 50");
      };
      const { value } = await looker.look(during(databases, reset));
      for (const [key, figure] of Object.entries(own(value)))
        if (/PerSecond|InWindow/.test(key)) assert.ok(figure === null || Number(figure) >= 0, key);
      assert.match(own(value).statsReset ?? "", /Z$/);
    });

    it("says null for the size of a database that the role may not connect to", async () => {
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      const { value } = await nobody.look(databases);
      assert.equal(value.databases.find((one) => one.name === "closed")?.sizeBytes, null);
      assert.ok((own(value).sizeBytes ?? 0) > 1_000_000);
    });
  });
}
