import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PgSlots } from "../../../diagnosis/evidence/pg-connection.ts";
import { startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn } from "../../../sandbox/sessions.ts";
import { lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { slots } from "./pg-slots.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.slots on ${name}`, () => {
    it("says what is allowed, kept back and taken, to a role without any grant, too", async () => {
      const reserved = major >= 16 ? { reserved_connections: 4 } : {};
      await using server = await startSandbox({
        ...options,
        settings: { max_connections: 30, superuser_reserved_connections: 2, ...reserved },
      });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login;
         create role app login connection limit 4; create role idle_app login connection limit 3; create role root login superuser connection limit 9`,
      );
      await ask(server, "create database orders connection limit 5");
      await using sessions = sessionsOn(server);
      await sessions.openMany(3, { role: "app", database: "orders" });
      await sessions.openMany(2);

      for (const role of ["monitor", "nobody_special"]) {
        await using looker = lookerAt(server.url({ role }));
        const { value } = await looker.look(slots);
        assert.deepEqual(PgSlots.parse(value), value);
        const kept = major >= 16 ? 6 : 2;
        assert.deepEqual(value, {
          max: 30,
          reserved: kept,
          superuserReserved: 2,
          usable: 30 - kept,
          used: 6,
          ours: 1,
          roles: [
            { role: "app", limit: 4, used: 3 },
            { role: "idle_app", limit: 3, used: 0 },
          ],
          databases: [{ database: "orders", limit: 5, used: 3 }],
        });
      }
    });
  });
}
