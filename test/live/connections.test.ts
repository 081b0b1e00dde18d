import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type SandboxServer, startSandbox } from "../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { diagnoseLive, type Seen } from "./diagnose-live.ts";

/** Longer than the rules take for traffic. */
const STANDING_MS = 3500;
/** Of 25, the superuser's 3 and 2 more kept back. */
const ORDINARY = 20;

/** Pairs that are easily mixed up: the same symptom, other hands. The plain cases are among the incidents. */
describe("connections, on a real server", () => {
  let server: SandboxServer;
  before(async () => {
    server = await startSandbox({ major: 18, settings: { max_connections: 25, reserved_connections: 2 } });
    await ask(server, "create extension pg_stat_statements; create table orders (id int primary key, state text)");
    await ask(server, "insert into orders select g, 'new' from generate_series(1, 50) g");
    await ask(server, "create role app login; create role watcher login in role pg_monitor, pg_use_reserved_connections");
    await ask(server, "grant all on orders to app; create role limited login connection limit 6; grant all on orders to limited");
  });
  after(() => server[Symbol.asyncDispose]());

  const APP = { role: "app", application: "checkout" };

  it("slots that are full of sessions that wait for a lock are the doing of its holder, seen from a reserved slot", async () => {
    await using sessions = sessionsOn(server);
    const root = await sessions.open({ role: "app", application: "billing" });
    await root.query("begin; update orders set state = 'held' where id = 1");
    for (const session of await sessions.openMany(ORDINARY - 1, APP)) session.send("update orders set state = 'seen' where id = 1");
    await waitUntil(server, "all wait", "select count(*) >= 19 from pg_stat_activity where wait_event_type = 'Lock'");
    await sleep(STANDING_MS);

    const seen = await diagnoseLive(server, { role: "watcher", complaint: "FATAL: sorry, too many clients already" });
    assert.deepEqual(causesOf(seen), ["critical idle-transaction-blocks"]);
    const [cause] = seen.diagnosis.causes;
    assert.equal(cause?.object?.kind === "session" && cause.object.pid, root.pid);
    assert.deepEqual(cause?.explains, ["pg-connections-exhausted"]);
    assert.deepEqual(seen.diagnosis.unexplained, []);
  });

  it("a role's limit that is full of parked transactions is the leak's doing", async () => {
    await using sessions = sessionsOn(server);
    await sessions.openMany(6, { role: "limited", application: "shop" }, (index) => `begin; select * from orders where id = ${index}`);
    await sleep(STANDING_MS);

    const seen = await diagnoseLive(server, { complaint: 'too many connections for role "limited"' });
    assert.deepEqual(causesOf(seen), ["critical leaked-transactions"]);
    assert.deepEqual(seen.diagnosis.causes[0]?.explains, ["pg-connection-limit-reached:limited"]);
  });

  it("a refusal that names the role's limit is about that limit, not about the server's slots", async () => {
    await using sessions = sessionsOn(server);
    await sessions.openMany(6, { role: "limited", application: "shop" });
    const seen = await diagnoseLive(server, { role: "limited" });
    assert.deepEqual(causesOf(seen), ["critical connection-limit-too-low"]);
    assert.deepEqual(seen.diagnosis.causes[0]?.object, { kind: "role", name: "limited" });
  });

  it("a pool that has only just been opened, and leaves room, is nobody's trouble", async () => {
    await using sessions = sessionsOn(server);
    await sessions.openMany(12, APP);
    assert.deepEqual(causesOf(await diagnoseLive(server)), []);
  });

  it("one forgotten transaction is no leak", async () => {
    await using sessions = sessionsOn(server);
    await sessions.openMany(1, APP, () => "begin; update orders set state = 'held' where id = 3");
    await sleep(STANDING_MS);
    assert.deepEqual(causesOf(await diagnoseLive(server)), []);
  });
});

function causesOf({ diagnosis }: Seen): string[] {
  return diagnosis.causes.filter(({ severity }) => severity !== "advice").map(({ id, severity }) => `${severity} ${id}`);
}
