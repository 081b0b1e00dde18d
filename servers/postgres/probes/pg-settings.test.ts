import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { PgSettings } from "../../../diagnosis/evidence/pg-operations.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, waitUntil } from "../../../sandbox/sessions.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { SETTINGS_THAT_RULES_READ, settings } from "./pg-settings.ts";

const SECRET = "hunter2";
const MIB = 1024 * 1024;

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.settings on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox({
        ...options,
        settings: {
          archive_mode: true,
          archive_command: `cp %p /backup --password ${SECRET}`,
          primary_conninfo: `host=primary password=${SECRET}`,
          max_wal_size: "2GB",
          work_mem: "7MB",
          checkpoint_timeout: "7min",
          lock_timeout: "12s",
          cluster_name: `https://app:${SECRET}@example.com/`,
        },
      });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role app; create role nobody_special login;
         alter role app set work_mem = '1GB'; alter role app set app.password = '${SECRET}'; alter database postgres set jit = off`,
      );
      looker = lookerAt(server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("gives values in bytes, milliseconds and seconds", async () => {
      const { value } = await looker.look(settings);
      assert.deepEqual(PgSettings.parse(value), value);
      const {
        maxWalSizeBytes,
        workMemBytes,
        checkpointTimeoutSeconds,
        deadlockTimeoutMs,
        autovacuum,
        fsync,
        tempFileLimitBytes,
        walLevel,
      } = value.values;
      assert.deepEqual(
        { maxWalSizeBytes, workMemBytes, checkpointTimeoutSeconds, deadlockTimeoutMs, autovacuum, fsync, tempFileLimitBytes, walLevel },
        {
          maxWalSizeBytes: 2048 * MIB,
          workMemBytes: 7 * MIB,
          checkpointTimeoutSeconds: 420,
          deadlockTimeoutMs: 1000,
          autovacuum: true,
          fsync: value.values["fsync"],
          // -1 is no amount of bytes: no limit.
          tempFileLimitBytes: -1,
          walLevel: "replica",
        },
      );
    });

    it("gives what other sessions get, not what our own transaction set", async () => {
      const { value } = await looker.look(settings);
      assert.equal(value.values["lockTimeoutMs"], 12_000);
      assert.equal(value.values["statementTimeoutMs"], 0);
      assert.deepEqual(
        value.nonDefault.map((one) => one.name).filter((one) => ["statement_timeout", "search_path", "application_name"].includes(one)),
        [],
      );
    });

    it("names the unit of every value that rules read as PostgreSQL has it", async () => {
      const rows = await ask(server, "select name, unit from pg_settings where vartype in ('integer', 'real')");
      const units = new Map(rows.map((row) => [String(row["name"]), row["unit"]]));
      for (const [key, setting] of Object.entries(SETTINGS_THAT_RULES_READ)) {
        const unit = units.get(setting);
        if (unit === undefined || unit === null) continue;
        const suffix = unit === "ms" ? /Ms$/ : unit === "s" || unit === "min" ? /Seconds$/ : /Bytes$/;
        assert.match(key, suffix, `${setting} is in ${unit}`);
      }
    });

    it("leaves no secret in it, whatever its name", async () => {
      await using superuser = lookerAt(server.url());
      for (const one of [looker, superuser]) {
        const { value } = await one.look(settings);
        assert.equal(JSON.stringify(value).includes(SECRET), false);
        assert.equal(value.nonDefault.find((row) => row.name === "archive_command")?.value, "(hidden)");
        assert.equal(value.nonDefault.find((row) => row.name === "cluster_name")?.value, "(hidden)");
      }
    });

    it("lists overrides by role and database", async () => {
      const { value } = await looker.look(settings);
      assert.deepEqual(value.overrides, [
        { role: "", database: "postgres", name: "jit", value: "off" },
        { role: "app", database: "", name: "app.password", value: "(hidden)" },
        { role: "app", database: "", name: "work_mem", value: "1GB" },
      ]);
    });

    it("says what waits for a restart and what the files have wrong, where the role may know", async () => {
      await using superuser = lookerAt(server.url());
      await ask(server, "alter system set shared_buffers = '48MB'");
      await ask(server, "select pg_reload_conf()");
      await waitUntil(server, "a pending restart", "select pending_restart from pg_settings where name = 'shared_buffers'");
      const { value } = await superuser.look(settings);
      assert.equal(value.nonDefault.find((row) => row.name === "shared_buffers")?.pendingRestart, true);
      assert.equal(value.values["sharedBuffersBytes"], 32 * MIB);
      // That it waits for a restart is no error.
      assert.deepEqual([value.fileErrors, value.hbaErrors], [[], []]);

      const monitored = (await looker.look(settings)).value;
      assert.deepEqual([monitored.fileErrors, monitored.hbaErrors], [null, null]);
    });

    it("finds errors in the files", async () => {
      await using superuser = lookerAt(server.url());
      await appendFile(join(server.dataDirectory, "postgresql.conf"), "work_mem = 'lots'\n");
      await appendFile(join(server.dataDirectory, "pg_hba.conf"), "hast all all 127.0.0.1/32 trust\n");
      const { value } = await superuser.look(settings);
      assert.deepEqual(
        value.fileErrors?.map((one) => one.name),
        ["work_mem"],
      );
      assert.equal(value.hbaErrors?.length, 1);
      assert.match(value.hbaErrors?.[0]?.error ?? "", /invalid connection type/);
    });

    it("shows an unprivileged role what is public", async () => {
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      const { value } = await nobody.look(settings);
      assert.equal(value.values["maxWalSizeBytes"], 2048 * MIB);
      assert.equal("sharedPreloadLibraries" in value.values, false);
      assert.equal("reservedConnections" in value.values, major >= 16);
    });
  });
}
