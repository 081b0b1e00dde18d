import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgStatements } from "../../../diagnosis/evidence/pg-storage.ts";
import type { EvidenceId } from "../../../diagnosis/evidence.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask } from "../../../sandbox/sessions.ts";
import { during } from "../../../test/during.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { CannotLook } from "../probe.ts";
import { PROBES } from "../probes.ts";
import { statements } from "./pg-statements.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.statements on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox(options);
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login; create role app login;
         create schema tools; create extension pg_stat_statements schema tools;
         create table t (id int primary key, a text); insert into t select i, 'x' from generate_series(1, 1000) i; grant all on t to app`,
      );
      await ask(server, "create database empty");
      looker = lookerAt(server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const asApp = (sql: string) => ask(server, sql, [], { role: "app" });
    const byText = (evidence: PgStatements, text: RegExp) => evidence.statements.find((one) => text.test(one.query));

    it("says which grant is missing where the extension's schema is closed", async () => {
      await assert.rejects(
        looker.look(statements),
        (error) =>
          error instanceof CannotLook && error.because === "no-permission" && error.hint === 'grant usage on schema "tools" to "monitor"',
      );
      await ask(server, "grant usage on schema tools to monitor, nobody_special");
      await looker.look(statements);
    });

    it("gives rates of the window and totals since the reset, with the extension in any schema", async () => {
      for (let i = 0; i < 5; i++) await asApp(`select a from t where id = ${i} and a <> 'secret ${i}'`);
      const run = async () => {
        for (let i = 0; i < 7; i++) await asApp(`select a from t where id = ${i} and a <> 'secret ${i}'`);
      };
      const { value } = await looker.look(during(statements, run));
      assert.deepEqual(PgStatements.parse(value), value);
      const found = byText(value, /^select a from t where id = \$1/);
      assert.deepEqual([found?.role, found?.database, found?.totalCalls], ["app", "postgres", 12]);
      assert.equal(Math.round((found?.callsPerSecond ?? 0) * value.windowSeconds), 7);
      assert.ok((found?.meanMs ?? 0) > 0 && (found?.timePerSecondMs ?? 0) > 0);
      assert.match(found?.queryId ?? "", /^-?\d+$/);
      assert.equal(found?.jitTimeMs === null, major < 15);
      assert.equal(JSON.stringify(value).includes("secret"), false, "constants are PostgreSQL's to remove");
      assert.equal(value.deallocations === null, major < 14);
      assert.equal(value.statsReset === null, major < 14);
    });

    it("leaves out what we ourselves ask, whichever probe asks it, and nothing of other roles", async () => {
      for (const probe of PROBES) await looker.look<EvidenceId>(probe).catch(() => undefined);
      await asApp('select count(*) as "fromTheApp" from pg_class');
      const { value } = await looker.look(statements);
      assert.deepEqual(
        value.statements.filter((one) => one.role === "monitor").map((one) => one.query),
        [],
      );
      assert.ok(byText(value, /fromTheApp/) !== undefined);
    });

    it("counts what spills and what writes", async () => {
      const run = async () => {
        await asApp("set work_mem = '64kB'; select count(*) from (select i from generate_series(1, 50000) i order by md5(i::text)) s");
        await asApp("update t set a = repeat('y', 100)");
      };
      const { value } = await looker.look(during(statements, run));
      const spills = byText(value, /order by md5/);
      assert.ok((spills?.tempBlocksWrittenPerSecond ?? 0) > 0 && (spills?.totalTempBlocksWritten ?? 0) > 0);
      const writes = byText(value, /^update t/);
      assert.ok((writes?.walBytesPerSecond ?? 0) > 0);
      assert.equal(Math.round(writes?.rowsPerCall ?? 0), 1000);
    });

    it("puts what runs now before what ran once for long", async () => {
      await asApp("select pg_sleep(0.3)");
      const { value } = await looker.look(during(statements, () => asApp("select count(*) from t t1, t t2 where t1.id < 100")));
      const place = (text: RegExp) => value.statements.findIndex((one) => text.test(one.query));
      assert.ok(place(/t t1, t t2/) >= 0 && place(/t t1, t t2/) < place(/pg_sleep/));
    });

    it("says where the extension is missing, and the statement that makes it", async () => {
      await using elsewhere = lookerAt(server.url({ role: "monitor", database: "empty" }));
      await assert.rejects(
        elsewhere.look(statements),
        (error) =>
          error instanceof CannotLook && error.because === "extension-absent" && error.hint === "create extension pg_stat_statements",
      );
    });

    it("says which grant is missing where others' statements are hidden", async () => {
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      await assert.rejects(
        nobody.look(statements),
        (error) =>
          error instanceof CannotLook && error.because === "no-permission" && error.hint === 'grant pg_monitor to "nobody_special"',
      );
    });

    it("says that the library is not loaded", async () => {
      await server.restart({ shared_preload_libraries: "" });
      try {
        await using restarted = lookerAt(server.url({ role: "monitor" }));
        await assert.rejects(
          restarted.look(statements),
          (error) => error instanceof CannotLook && error.because === "extension-absent" && /shared_preload_libraries/.test(error.hint),
        );
      } finally {
        await server.restart({ shared_preload_libraries: "pg_stat_statements" });
      }
    });
  });
}
