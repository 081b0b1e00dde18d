import assert from "node:assert/strict";
import { chmod, chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { PgDisk } from "../../../diagnosis/evidence/pg-storage.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { disk } from "./pg-disk.ts";

const MIB = 1024 * 1024;

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg.disk on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox(options);
      const folder = join(server.folder, "elsewhere");
      await mkdir(folder, { mode: 0o700 });
      const { uid, gid } = await stat(server.dataDirectory);
      if (process.getuid?.() === 0) await chown(folder, uid, gid);
      await chmod(folder, 0o700);
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role nobody_special login");
      await ask(server, `create tablespace elsewhere location '${folder}'`);
      await ask(server, "create table t tablespace elsewhere as select repeat('x', 1000) as a from generate_series(1, 5000)");
      await ask(server, "create database closed");
      await ask(server, "revoke connect on database closed from public");
      looker = lookerAt(server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("adds up databases and tablespaces without counting anything twice", async () => {
      const { value, skipped } = await looker.look(disk);
      assert.deepEqual(PgDisk.parse(value), value);
      assert.deepEqual(skipped, []);
      const bytesOf = (wanted: string) => value.tablespaces.find((one) => one.name === wanted)?.sizeBytes ?? null;
      const databases = value.databases.reduce((sum, one) => sum + one.sizeBytes, 0);
      const elsewhere = bytesOf("elsewhere") ?? 0;
      assert.ok(elsewhere > 5 * MIB && elsewhere < 8 * MIB);
      assert.equal(bytesOf("pg_default"), databases - elsewhere);
      assert.equal(bytesOf("pg_global"), null);
      assert.equal(value.databases[0]?.name, "postgres", "largest first");
      assert.ok((value.walBytes ?? 0) >= 16 * MIB);
      assert.equal(value.tempBytes, 0);
      assert.equal(value.dataDirectory, server.dataDirectory);
    });

    it("sees temporary files while they are there", async () => {
      await using sessions = sessionsOn(server);
      const sorter = await sessions.open();
      await sorter.query(
        "set work_mem = '64kB'; begin; declare c cursor for select md5(i::text) from generate_series(1, 200000) i order by 1",
      );
      await sorter.query("fetch 1 from c");
      await waitUntil(server, "a temporary file", "select count(*) > 0 from pg_ls_tmpdir()");
      const { value } = await looker.look(disk);
      assert.ok((value.tempBytes ?? 0) > MIB);
    });

    it("says null of what the role may not see, and names the grant", async () => {
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      const { value, skipped } = await nobody.look(disk);
      assert.deepEqual([value.walBytes, value.tempBytes, value.dataDirectory], [null, null, null]);
      assert.equal(
        value.databases.some((one) => one.name === "closed"),
        false,
      );
      assert.deepEqual(
        value.tablespaces.map((one) => one.sizeBytes),
        [null, null, null],
      );
      assert.match(skipped.join("\n"), /1 databases.*pg_monitor/);
    });
  });
}
