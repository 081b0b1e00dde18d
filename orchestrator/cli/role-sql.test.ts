import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { installedMajors, startSandbox } from "../../sandbox/server.ts";
import { ask } from "../../sandbox/sessions.ts";
import { roleSql } from "./role-sql.ts";

suite("the SQL for the role", () => {
  test("runs on the oldest PostgreSQL, whatever the names, and makes a role that monitors and owns nothing", async () => {
    const [major] = installedMajors();
    assert.ok(major);
    await using server = await startSandbox({ major });
    const role = 'weird "role"; drop';
    await ask(server, `create database "the db"`);
    await ask(server, roleSql(role, "the db"));
    const [row] = await ask(
      server,
      `select rolsuper, rolcreatedb, rolreplication, rolcanlogin, pg_has_role(rolname, 'pg_monitor', 'member') as monitor,
         pg_has_role(rolname, 'pg_signal_backend', 'member') as signal, has_database_privilege(rolname, 'the db', 'connect') as connects
       from pg_roles where rolname = $1`,
      [role],
    );
    assert.deepEqual(row, {
      rolsuper: false,
      rolcreatedb: false,
      rolreplication: false,
      rolcanlogin: true,
      monitor: true,
      signal: false,
      connects: true,
    });
  });

  test("fits a terminal", () => {
    assert.deepEqual(
      roleSql("helpdesk", "orders")
        .split("\n")
        .filter((line) => line.length > 80),
      [],
    );
  });
});
