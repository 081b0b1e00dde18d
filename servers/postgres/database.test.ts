import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../sandbox/server.ts";
import { connectionSettings, parametersFromText } from "./connection-settings.ts";
import { CannotConnect, type Database, openDatabase } from "./database.ts";

const settingsFor = (url: string) =>
  connectionSettings({ parameters: parametersFromText(url), userName: "nobody", application: "helpdesk-test" });
const patience = () => AbortSignal.timeout(20_000);

describe("a database connection", () => {
  let server: SandboxServer;
  let database: Database;

  before(async () => {
    server = await startSandbox({ major: 18 });
    database = openDatabase(settingsFor(server.url()));
  });
  after(async () => {
    await database.close();
    await server[Symbol.asyncDispose]();
  });

  it("returns plain JSON values with microseconds in UTC", async () => {
    using lease = await database.lease(patience());
    const sql = lease.sql({ signal: patience() });
    const [row] = await sql<object>`
      select 9007199254740991::int8 as "int8", 1.5::numeric as "numeric", array['a,"b', 'c'] as "texts", array[1, 2]::int8[] as "numbers",
        '2026-11-22 10:12:33.123456+01'::timestamptz as "time", '{"a": [1]}'::jsonb as "json", null::int as "nothing"`;
    assert.deepEqual(row, {
      int8: 9007199254740991,
      numeric: 1.5,
      texts: ['a,"b', "c"],
      numbers: [1, 2],
      time: "2026-11-22T09:12:33.123456Z",
      json: { a: [1] },
      nothing: null,
    });
  });

  it("is held read only by PostgreSQL, statement by statement, whatever a statement tries", async () => {
    using lease = await database.lease(patience());
    const sql = lease.sql({ signal: patience() });
    await assert.rejects(sql`create table public.t (a int)`, { code: "25006" });
    await assert.rejects(sql`select 1; select 2`, { code: "42601" });
    const [row] = await sql<{ readOnly: string }>`select current_setting('transaction_read_only') as "readOnly"`;
    assert.equal(row?.readOnly, "on");
  });

  it("never takes a value for SQL, and quotes identifiers", async () => {
    using lease = await database.lease(patience());
    const sql = lease.sql({ signal: patience() });
    const hostile = `x'; drop table "y`;
    const [row] = await sql<object>`select ${hostile}::text as ${sql.id(hostile)}`;
    assert.deepEqual(row, { [hostile]: hostile });
  });

  it("cancels the statement in the server when the caller withdraws", async () => {
    const caller = new AbortController();
    const lease = await database.lease(patience());
    const { backendPid } = lease.facts;
    const sleeping = lease.sql({ signal: caller.signal, timeoutMs: 60_000 })`select pg_sleep(60)`;
    using watching = await database.lease(patience());
    const sql = watching.sql({ signal: patience() });
    const running = async () => {
      const rows =
        await sql<object>`select 1 from pg_stat_activity where pid = ${backendPid} and state = 'active' and query like '%pg_sleep%'`;
      return rows.length > 0;
    };
    while (!(await running())) await new Promise((resolve) => setTimeout(resolve, 20));
    caller.abort(new Error("withdrawn"));
    await assert.rejects(sleeping, /withdrawn/);
    while (await running()) await new Promise((resolve) => setTimeout(resolve, 20));
    lease[Symbol.dispose]();
    assert.equal(lease.isAlive(), false);
  });

  it("gives up on a statement after its timeout, in the server", async () => {
    using lease = await database.lease(patience());
    await assert.rejects(lease.sql({ signal: patience(), timeoutMs: 50 })`select pg_sleep(10)`, { code: "57014" });
    assert.equal(lease.isAlive(), true);
  });

  it("notices when its backend was terminated, and logs in again", async () => {
    const victim = await database.lease(patience());
    using other = await database.lease(patience());
    await other.sql({ signal: patience(), mode: "write" })`select pg_terminate_backend(${victim.facts.backendPid}::int)`;
    while (victim.isAlive()) await new Promise((resolve) => setTimeout(resolve, 20));
    victim[Symbol.dispose]();
    using again = await database.lease(patience());
    assert.notEqual(again.facts.backendPid, victim.facts.backendPid);
  });
});

describe("a login that fails", () => {
  it("says how far it came: refused port, unknown name, silence", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const silentPort = typeof address === "object" && address !== null ? address.port : 0;
    const cases = [
      { url: "postgres://a@127.0.0.1:1/x", stage: "connect", errorCode: "ECONNREFUSED" },
      { url: "postgres://a@no-such-host.invalid/x", stage: "resolve", errorCode: /ENOTFOUND|EAI_AGAIN/ },
      { url: `postgres://a@127.0.0.1:${silentPort}/x?connect_timeout=1`, stage: "tls", errorCode: "ETIMEDOUT" },
      { url: `postgres://a@127.0.0.1:${silentPort}/x?connect_timeout=1&sslmode=disable`, stage: "authenticate", errorCode: "ETIMEDOUT" },
    ];
    for (const { url, stage, errorCode } of cases) {
      const database = openDatabase(settingsFor(url));
      const error = await database.lease(patience()).then(
        () => assert.fail(`${url} should not connect`),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof CannotConnect);
      assert.equal(error.evidence.stage, stage, url);
      assert.match(error.evidence.errorCode ?? "", new RegExp(errorCode), url);
      await database.close();
    }
    silent.close();
  });

  it("reports PostgreSQL's refusals with their SQLSTATE and no password", async () => {
    await using server = await startSandbox({
      major: 18,
      hba: ["local all postgres trust", "host all postgres 127.0.0.1/32 trust", "host all locked 127.0.0.1/32 scram-sha-256"],
    });
    const admin = openDatabase(settingsFor(server.url()));
    {
      using lease = await admin.lease(patience());
      await lease.sql({ signal: patience(), mode: "write" })`create role locked login password 'right'`;
    }
    await admin.close();
    const base = `127.0.0.1:${server.port}`;
    const cases = [
      { url: `postgres://locked:hunter2@${base}/postgres`, sqlState: "28P01", errorCode: null, passwordGiven: true },
      { url: `postgres://locked@${base}/postgres`, sqlState: null, errorCode: "PASSWORD_REQUIRED", passwordGiven: false },
      { url: `postgres://stranger@${base}/postgres`, sqlState: "28000", errorCode: null, passwordGiven: false },
      { url: `postgres://postgres@${base}/nowhere`, sqlState: "3D000", errorCode: null, passwordGiven: false },
      { url: `postgres://postgres@${base}/postgres?sslmode=require`, sqlState: null, errorCode: "TLS_NOT_OFFERED", passwordGiven: false },
    ];
    for (const { url, ...expected } of cases) {
      const database = openDatabase(settingsFor(url));
      const { evidence, lease } = await database.leaseFresh(patience());
      assert.equal(lease, null);
      const { sqlState, errorCode, passwordGiven } = evidence;
      assert.deepEqual({ sqlState, errorCode, passwordGiven }, expected, url);
      assert.doesNotMatch(JSON.stringify(evidence), /hunter2/);
      await database.close();
    }
  });
});
