import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type SandboxServer, startSandbox } from "./server.ts";
import { ask, sessionsOn, waitUntil } from "./sessions.ts";

suite("Sandbox sessions", () => {
  let server: SandboxServer;
  before(async () => {
    server = await startSandbox({ settings: { max_connections: 20 } });
    await ask(server, "create role shop login");
    await ask(server, "create table item as select 1 as id, 10 as stock; grant all on item to shop");
  });
  after(() => server[Symbol.asyncDispose]());

  const alive = async (application: string) =>
    (await ask(server, "select count(*)::int as n from pg_stat_activity where application_name = $1", [application]))[0]?.["n"];

  test("hold, wait and fail as told, under the name and role asked for", async () => {
    await using sessions = sessionsOn(server);
    const [holder] = await sessions.openMany(2, { role: "shop", application: "holders" }, (index) => `begin; select ${index}`);
    assert.ok(holder);
    await holder.query("update item set stock = 9 where id = 1");
    const waiter = await sessions.open({ application: "waiter" });
    const sent = waiter.send("update item set stock = 8 where id = $1", [1]);
    await waitUntil(server, "the waiter waits for the holder", `select pg_blocking_pids(${waiter.pid}) = array[${holder.pid}]`);
    assert.equal(sent.isSettled, false);
    const [row] = await ask(server, "select usename, application_name, state from pg_stat_activity where pid = $1", [holder.pid]);
    assert.deepEqual(row, { usename: "shop", application_name: "holders", state: "idle in transaction" });

    await holder.query("commit");
    assert.deepEqual(await sent.outcome, { kind: "done", rows: [] });
    const failed = await waiter.send("select 1 / 0").outcome;
    assert.equal(failed.kind === "failed" ? failed.sqlState : failed.kind, "22012");
  });

  test("end with their group, those that wait for a lock too", async () => {
    {
      await using sessions = sessionsOn(server);
      const holder = await sessions.open({ application: "ends" });
      await holder.query("begin; lock table item");
      const waiter = await sessions.open({ application: "ends" });
      waiter.send("select * from item");
      await waitUntil(server, "the waiter waits", `select cardinality(pg_blocking_pids(${waiter.pid})) = 1`);
    }
    await waitUntil(server, "both have left", async () => (await alive("ends")) === 0);
    assert.equal((await ask(server, "select count(*)::int as n from item"))[0]?.["n"], 1);
  });

  test("survive being terminated, and say so", async () => {
    await using sessions = sessionsOn(server);
    const session = await sessions.open({ application: "victim" });
    await ask(server, "select pg_terminate_backend($1)", [session.pid]);
    await waitUntil(server, "the loss is noticed", () => !session.isOpen);
    const outcome = await session.send("select 1").outcome;
    assert.equal(outcome.kind, "failed");
  });

  test("that drop out without a word leave their backend to find out", async () => {
    await using sessions = sessionsOn(server);
    const session = await sessions.open({ application: "dropped" });
    session.drop();
    assert.equal(session.isOpen, false);
    await waitUntil(server, "the backend has left", async () => (await alive("dropped")) === 0);
  });

  test("are refused when the slots are used up, while the superuser still looks", async () => {
    await using sessions = sessionsOn(server);
    await sessions.openMany(17, { role: "shop", application: "crowd" });
    await assert.rejects(sessions.open({ role: "shop" }), { code: "53300" });
    assert.equal(await alive("crowd"), 17);
  });

  test("a wait that never ends says for what, and what was seen last", async () => {
    await assert.rejects(
      waitUntil(server, "one is two", "select 1 = 2", { timeoutSeconds: 0.1 }),
      /Not within 0.1 s: one is two \(the last answer was false\)/,
    );
    await assert.rejects(
      waitUntil(server, "x", "select no_such", { timeoutSeconds: 0.1 }),
      /the last look failed: column "no_such" does not exist/,
    );
  });
});
