import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgSessions } from "../../../diagnosis/evidence/pg-activity.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { lookerAt, TEST_APPLICATION } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { sessions } from "./pg-sessions.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.sessions on ${name}`, () => {
    let server: SandboxServer;

    before(async () => {
      server = await startSandbox({ ...options, settings: major >= 14 ? { compute_query_id: "on" } : {} });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login; create role app login superuser;
         create table orders (id int primary key); insert into orders values (1), (2)`,
      );
    });
    after(() => server?.[Symbol.asyncDispose]());

    const look = async (role: string) => {
      await using looker = lookerAt(server.url({ role }));
      const { value } = await looker.look(sessions);
      assert.deepEqual(PgSessions.parse(value), value);
      return value;
    };

    it("counts sessions by state and origin, and lists those that matter with their ages", async () => {
      await using opened = sessionsOn(server);
      const parked = await opened.open({ application: "checkout", role: "app" });
      await parked.query("begin; update orders set id = id where id = 1");
      const failed = await opened.open({ application: "checkout", role: "app" });
      await failed.query("begin; select 1");
      await failed.send("select 1 / 0").outcome;
      const blocked = await opened.open({ application: "checkout", role: "app" });
      blocked.send("update orders set id = id where id = 1");
      await opened.openMany(2, { application: "web" });
      await waitUntil(server, "one waits", "select count(*) = 1 from pg_locks where not granted");

      const value = await look("monitor");
      const { groups, oldestTransactions, longestStatements, idleInTransactionSessions, ...totals } = value;
      assert.deepEqual(totals, {
        total: 5,
        active: 1,
        idle: 2,
        idleInTransaction: 1,
        idleInTransactionAborted: 1,
        waitingForLock: 1,
        idleLong: 0,
        startedLastMinute: 5,
        statesVisible: true,
      });
      assert.deepEqual(
        groups.map(({ application, role, database, client, total, active, idle, idleInTransaction }) => [
          application,
          role,
          database,
          client,
          total,
          active,
          idle,
          idleInTransaction,
        ]),
        [
          ["checkout", "app", "postgres", "127.0.0.1", 3, 1, 0, 2],
          ["web", "postgres", "postgres", "127.0.0.1", 2, 0, 2, 0],
        ],
      );
      assert.equal(typeof groups[0]?.longestIdleInTransactionSeconds, "number");
      assert.deepEqual([groups[1]?.oldestXactSeconds, groups[1]?.longestIdleInTransactionSeconds], [null, null]);
      // An aborted transaction has no start any more.
      assert.deepEqual(
        oldestTransactions.map(({ pid }) => pid),
        [parked.pid, blocked.pid],
      );
      assert.deepEqual(
        longestStatements.map(({ pid }) => pid),
        [blocked.pid],
      );
      assert.deepEqual(
        idleInTransactionSessions.map(({ pid, state }) => [pid, state]),
        [
          [parked.pid, "idle in transaction"],
          [failed.pid, "idle in transaction (aborted)"],
        ],
      );
      const [oldest] = oldestTransactions;
      assert.equal(oldest?.hasWritten, true);
      assert.equal(oldest?.backendType, "client backend");
      assert.match(oldest?.backendStart ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/);
      assert.equal(longestStatements[0]?.queryId === null, major < 14);
      assert.deepEqual([idleInTransactionSessions[1]?.hasWritten, idleInTransactionSessions[1]?.xactAgeSeconds], [false, null]);
    });

    it("keeps what a session wrote short, free of control characters and of passwords", async () => {
      await using opened = sessionsOn(server);
      const secret = await opened.open({ application: "a\u001b[31mred" });
      await secret.query(`begin; alter role app password 'hunter2-secret'; select '${"x".repeat(900)}'`);
      const [found] = (await look("monitor")).oldestTransactions;
      assert.ok(found?.query !== null && found?.query !== undefined);
      assert.doesNotMatch(found.query, /hunter2/);
      assert.match(found.query, /alter role app password/);
      assert.ok(found.query.length < 450);
      assert.ok(![...found.application].some((character) => character < " "));
    });

    it("leaves out our own sessions, those of another process of ours included", async () => {
      await using opened = sessionsOn(server);
      await opened.openMany(2, { application: TEST_APPLICATION });
      await opened.open({ application: "web" });
      const value = await look("monitor");
      assert.deepEqual(
        value.groups.map(({ application }) => application),
        ["web"],
      );
    });

    it("does not take states for absent that the role may not see", async () => {
      await using opened = sessionsOn(server);
      const parked = await opened.open({ application: "checkout" });
      await parked.query("begin");
      const value = await look("nobody_special");
      assert.deepEqual([value.total, value.idleInTransaction, value.statesVisible], [1, 0, false]);
      assert.deepEqual([value.groups[0]?.application, value.groups[0]?.total, value.groups[0]?.oldestXactSeconds], ["checkout", 1, null]);
      assert.deepEqual(value.oldestTransactions, []);
    });

    it("sees everything there is when all sessions are the role's own", async () => {
      await using opened = sessionsOn(server);
      const own = await opened.open({ application: "web", role: "nobody_special" });
      await own.query("begin");
      const value = await look("nobody_special");
      assert.deepEqual([value.total, value.idleInTransaction, value.statesVisible], [1, 1, true]);
    });
  });
}
