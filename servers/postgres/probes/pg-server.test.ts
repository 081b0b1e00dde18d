import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PgServer } from "../../../diagnosis/evidence/pg-connection.ts";
import { startSandbox } from "../../../sandbox/server.ts";
import { ask } from "../../../sandbox/sessions.ts";
import { lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { server as probe } from "./pg-server.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.server on ${name}`, () => {
    it("says what the server is and what each role may do", async () => {
      await using server = await startSandbox({ ...options, settings: major >= 16 ? { reserved_connections: 3 } : {} });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login;
         create role operator login; grant pg_monitor, pg_signal_backend to operator; alter role operator set default_transaction_read_only = on`,
      );
      if (major >= 16) await ask(server, "grant pg_use_reserved_connections to operator");
      const look = async (role: string) => {
        await using looker = lookerAt(server.url({ role }));
        const { value } = await looker.look(probe);
        assert.deepEqual(PgServer.parse(value), value);
        return value;
      };

      const monitor = await look("monitor");
      assert.equal(Math.floor(monitor.versionNum / 10_000), major);
      assert.match(monitor.version, new RegExp(`^PostgreSQL ${major}\\.`));
      assert.deepEqual(
        [
          monitor.flavour,
          monitor.inRecovery,
          monitor.defaultTransactionReadOnly,
          monitor.database,
          monitor.postmasterRestartedDuringSampling,
        ],
        ["community", false, false, "postgres", false],
      );
      assert.ok(Date.parse(monitor.startedAt) > 0 && monitor.uptimeSeconds >= 0);
      assert.deepEqual(monitor.role, {
        name: "monitor",
        superuser: false,
        replication: false,
        monitor: true,
        readAllStats: true,
        readAllSettings: true,
        signalBackend: false,
        mayUseReservedSlots: false,
      });

      const operator = await look("operator");
      assert.equal(operator.defaultTransactionReadOnly, true);
      assert.deepEqual([operator.role.signalBackend, operator.role.mayUseReservedSlots], [true, major >= 16]);

      const { role } = await look("nobody_special");
      assert.deepEqual(
        [role.monitor, role.readAllStats, role.readAllSettings, role.signalBackend, role.mayUseReservedSlots],
        [false, false, false, false, false],
      );

      const superuser = (await look("postgres")).role;
      assert.deepEqual(
        [superuser.superuser, superuser.replication, superuser.signalBackend, superuser.mayUseReservedSlots],
        [true, true, true, true],
      );
    });
  });
}
