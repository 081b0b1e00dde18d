import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type SandboxServer, startSandbox } from "../../sandbox/server.ts";
import { ask, type Session, type Sessions, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { diagnoseLive, type Seen } from "./diagnose-live.ts";

/** Longer than the rules take for traffic. */
const STANDING_MS = 3500;

describe("locks, on a real server", () => {
  let server: SandboxServer;
  before(async () => {
    server = await startSandbox({ settings: { max_prepared_transactions: 5, deadlock_timeout: "200ms" } });
    await ask(server, "create table orders (id int primary key, state text not null default 'new')");
    await ask(server, "insert into orders select g from generate_series(1, 100) g");
    await ask(server, "create table invoices (id int primary key, total int not null default 0)");
    await ask(server, "insert into invoices select g from generate_series(1, 100) g");
  });
  after(() => server[Symbol.asyncDispose]());

  /** Waits until so many wait for a lock, and have for long enough to be an incident. */
  async function untilTheyStand(waiting: number): Promise<void> {
    await waitUntil(server, `${waiting} sessions that wait for a lock`, async () => (await countWaiting(server)) >= waiting);
    await sleep(STANDING_MS);
  }

  it("an open transaction that does nothing is the root of the chain, and the victim in the middle is not", async () => {
    await using sessions = sessionsOn(server);
    const root = await parked(sessions, "billing", "update orders set state = 'paid' where id = 1");
    const middle = await parked(sessions, "shipping", "update orders set state = 'sent' where id = 2");
    middle.send("update orders set state = 'sent' where id = 1");
    for (const session of await sessions.openMany(3, { application: "web" })) session.send("update orders set state = 'seen' where id = 2");
    await untilTheyStand(4);

    const seen = await diagnoseLive(server);
    assert.deepEqual(causesOf(seen), [["idle-transaction-blocks", root.pid]]);
    const [cause] = seen.diagnosis.causes;
    assert.match(cause?.summary ?? "", /blocks 4 sessions/);
    assert.deepEqual(
      cause?.remedies.map(({ tool, arguments: { pid } }) => [tool, pid]),
      [["pg_terminate_session", root.pid]],
    );
  });

  it("a statement that runs long and holds a lock is the cause, and can be cancelled", async () => {
    await using sessions = sessionsOn(server);
    const root = await parked(sessions, "nightly", "update orders set state = 'old' where id = 3");
    root.send("select pg_sleep(600)");
    for (const session of await sessions.openMany(2, { application: "web" })) session.send("update orders set state = 'seen' where id = 3");
    await untilTheyStand(2);

    const seen = await diagnoseLive(server);
    assert.deepEqual(causesOf(seen), [["long-statement-blocks", root.pid]]);
    assert.deepEqual(
      seen.diagnosis.causes[0]?.remedies.map(({ tool }) => tool),
      ["pg_cancel_query", "pg_terminate_session"],
    );
  });

  it("readers that queue behind a waiting ALTER TABLE are a DDL queue, whatever the reader in front does", async () => {
    for (const reader of ["idle", "active"] as const) {
      await using sessions = sessionsOn(server);
      const root = await parked(sessions, "reports", "select count(*) from orders");
      if (reader === "active") root.send("select pg_sleep(600)");
      const ddl = await sessions.open({ application: "migration" });
      ddl.send("alter table orders add column note text");
      await waitUntil(server, "the ALTER TABLE that waits", async () => (await countWaiting(server)) >= 1);
      for (const session of await sessions.openMany(4, { application: "web" })) session.send("select * from orders where id = 5");
      await untilTheyStand(5);

      const seen = await diagnoseLive(server);
      assert.deepEqual(causesOf(seen), [["ddl-queue", root.pid]], reader);
      const [cause] = seen.diagnosis.causes;
      assert.match(cause?.summary ?? "", new RegExp(`4 sessions queue on public\\.orders behind session ${ddl.pid}`));
      assert.deepEqual(
        cause?.remedies.map(({ tool, arguments: { pid } }) => [tool, pid]),
        [["pg_cancel_query", ddl.pid], ...(reader === "active" ? [["pg_cancel_query", root.pid]] : []), ["pg_terminate_session", root.pid]],
      );
    }
  });

  it("an ALTER TABLE with nobody behind it is the victim of the reader, not a queue", async () => {
    await using sessions = sessionsOn(server);
    const root = await parked(sessions, "reports", "select count(*) from orders");
    (await sessions.open({ application: "migration" })).send("alter table orders add column note text");
    await untilTheyStand(1);
    assert.deepEqual(causesOf(await diagnoseLive(server)), [["idle-transaction-blocks", root.pid]]);
  });

  it("a prepared transaction that blocks is named by its identifier", async () => {
    await using sessions = sessionsOn(server);
    const session = await sessions.open({ application: "broker" });
    await session.query("begin");
    await session.query("update orders set state = 'booked' where id = 7");
    await session.query("prepare transaction 'broker-it''s-42'");
    try {
      (await sessions.open({ application: "web" })).send("update orders set state = 'seen' where id = 7");
      await untilTheyStand(1);

      const seen = await diagnoseLive(server);
      assert.deepEqual(causesOf(seen), [["orphaned-prepared-transaction", null]]);
      const [cause] = seen.diagnosis.causes;
      assert.deepEqual(cause?.object, { kind: "prepared-transaction", gid: "broker-it's-42", database: "postgres" });
      assert.match(cause?.advice.join("\n") ?? "", /rollback prepared 'broker-it''s-42'/);
    } finally {
      await ask(server, "rollback prepared 'broker-it''s-42'");
    }
  });

  it("an advisory lock that a session keeps is named by its key, though the session is idle", async () => {
    await using sessions = sessionsOn(server);
    const root = await sessions.open({ application: "scheduler" });
    await root.query("select pg_advisory_lock(4242)");
    for (const session of await sessions.openMany(2, { application: "scheduler-2" })) session.send("select pg_advisory_lock(4242)");
    await untilTheyStand(2);

    const seen = await diagnoseLive(server);
    assert.deepEqual(causesOf(seen), [["advisory-lock-held", root.pid]]);
    assert.match(seen.diagnosis.causes[0]?.summary ?? "", /4242/);
  });

  it("a VACUUM in the way of an ALTER TABLE is not ended: the waiting statement goes first", async () => {
    await using sessions = sessionsOn(server);
    await ask(server, "create table wide as select g as id, repeat('x', 500) as pad from generate_series(1, 200000) g");
    await ask(server, "delete from wide where id % 3 = 0");
    const root = await sessions.open({ application: "nightly" });
    await root.query("set vacuum_cost_delay = '100ms'; set vacuum_cost_limit = 1");
    root.send("vacuum wide");
    await waitUntil(server, "the vacuum", async () => (await ask(server, "select 1 from pg_stat_progress_vacuum")).length > 0);
    const ddl = await sessions.open({ application: "migration" });
    ddl.send("alter table wide add column note text");
    await waitUntil(server, "the ALTER TABLE that waits", async () => (await countWaiting(server)) >= 1);
    for (const session of await sessions.openMany(3, { application: "web" })) session.send("select * from wide limit 1");
    await untilTheyStand(4);

    const seen = await diagnoseLive(server);
    assert.deepEqual(causesOf(seen)[0], ["vacuum-blocks-ddl", root.pid]);
    assert.equal(seen.diagnosis.causes[0]?.remedies[0]?.arguments["pid"], ddl.pid);
    assert.deepEqual(locksClaimed(seen), ["vacuum-blocks-ddl"]);
  });

  it("deadlocks that keep coming are lock-order deadlocks; those of yesterday are not", async () => {
    await using sessions = sessionsOn(server);
    const stop = new AbortController();
    const pairs = [0, 1, 2].flatMap((pair) => [
      swapping(sessions, stop.signal, 10 + pair, 20 + pair),
      swapping(sessions, stop.signal, 20 + pair, 10 + pair),
    ]);
    await sleep(1500);
    const seen = await diagnoseLive(server, { seconds: 2 });
    stop.abort();
    await Promise.all(pairs);
    assert.deepEqual(causesOf(seen), [["lock-order-deadlocks", null]]);
    assert.deepEqual(seen.diagnosis.causes[0]?.object, { kind: "database", name: "postgres" });

    await sleep(500);
    const afterwards = await diagnoseLive(server);
    assert.deepEqual(causesOf(afterwards), [], "old deadlocks are no present trouble");
  });

  it("many sessions that change one row are contention, and none of them is to blame", async () => {
    await using sessions = sessionsOn(server);
    const stop = new AbortController();
    const workers = (await sessions.openMany(24, { application: "checkout" })).map(async (session) => {
      while (!stop.signal.aborted) {
        await session.query("begin");
        await session.query("update invoices set total = total + 1 where id = 1");
        await session.query("select pg_sleep(0.1)");
        await session.query("commit");
      }
    });
    await sleep(2500);
    const seen = await diagnoseLive(server, { seconds: 3 });
    stop.abort();
    await Promise.all(workers);
    assert.deepEqual(causesOf(seen), [["hot-row-contention", null]]);
    assert.deepEqual(seen.diagnosis.causes[0]?.object, { kind: "relation", schema: "public", name: "invoices" });
  });

  it("a role without pg_monitor sees who blocks, and says that it cannot tell why", async () => {
    await ask(server, "create role blind login");
    await using sessions = sessionsOn(server);
    const root = await parked(sessions, "billing", "update orders set state = 'paid' where id = 8");
    (await sessions.open({ application: "web" })).send("update orders set state = 'seen' where id = 8");
    await untilTheyStand(1);
    const { diagnosis } = await diagnoseLive(server, { role: "blind" });
    assert.deepEqual(
      diagnosis.causes.filter(({ severity }) => severity !== "advice"),
      [],
    );
    assert.match(diagnosis.findings.map(({ summary }) => summary).join("\n"), new RegExp(`pid ${root.pid}`));
    assert.ok(diagnosis.undecided.some(({ rule }) => rule === "pg-lock-root-idle"));
  });
});

async function parked(sessions: Sessions, application: string, statement: string): Promise<Session> {
  const session = await sessions.open({ application });
  await session.query("begin");
  await session.query(statement);
  return session;
}

/** Locks two rows, again and again; whoever does it the other way round makes deadlocks. */
async function swapping(sessions: Sessions, signal: AbortSignal, first: number, second: number): Promise<void> {
  const session = await sessions.open({ application: "transfer" });
  while (!signal.aborted) {
    await session.query("begin");
    for (const id of [first, second]) {
      const { kind } = await session.send(`update invoices set total = total + 1 where id = ${id}`).outcome;
      if (kind === "failed") break;
      await sleep(20);
    }
    await session.send("rollback").outcome;
  }
}

async function countWaiting(server: SandboxServer): Promise<number> {
  return (await ask(server, "select 1 from pg_locks where not granted")).length;
}

/** Causes that are more than advice, each with its session. */
function causesOf({ diagnosis }: Seen): [string, number | null][] {
  return diagnosis.causes
    .filter(({ severity }) => severity !== "advice")
    .map(({ id, object }) => [id, object?.kind === "session" ? object.pid : null]);
}

function locksClaimed({ diagnosis }: Seen): string[] {
  const ids = diagnosis.causes.map(({ id }) => id);
  return ids.filter((id) => /block|queue|deadlock|contention|advisory|prepared/.test(id));
}
