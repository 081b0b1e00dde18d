import assert from "node:assert/strict";
import { kill } from "node:process";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startSandbox } from "../../sandbox/server.ts";
import { ask, openSession, type Reachable, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { startStandby } from "../../sandbox/standby.ts";
import { claims, story } from "./claims.ts";
import { diagnoseLive } from "./diagnose-live.ts";
import { record } from "./record.ts";

const ALL = ["critical", "warning", "advice"];

/** What the incidents of replication leave out: a standby that is merely slow, queries that were cancelled, and good health. */
describe("replication, on real servers", () => {
  it("a primary with a synchronous standby, and that standby, are healthy", async () => {
    await using primary = await startSandbox();
    await ask(primary, "create extension pg_stat_statements; create table orders (id int)");
    await using standby = await startStandby(primary, { application: "replica_1", slot: "replica_1", hotStandbyFeedback: true });
    await standby.untilStreaming();
    await primary.reload({ synchronous_standby_names: "FIRST 1 (replica_1)" });
    await waitUntil(primary, "it is synchronous", "select exists (select from pg_stat_replication where sync_state = 'sync')");
    await ask(primary, "insert into orders select generate_series(1, 1000)");
    for (const server of [primary, standby.server]) {
      const seen = await diagnoseLive(server);
      assert.deepEqual(claims(seen, ALL), [], story(seen));
      assert.equal(seen.diagnosis.verdict, "healthy", story(seen));
    }
  });

  it("a standby whose replay gets little of its time is too slow, and neither paused nor in conflict", async () => {
    await using primary = await startSandbox({ settings: { autovacuum_naptime: "1d" } });
    await ask(primary, "create extension pg_stat_statements; create table filler (pad text)");
    await using standby = await startStandby(primary, { application: "replica_1" });
    await standby.untilCaughtUp();
    const [startup] = await ask(standby.server, "select pid from pg_stat_activity where backend_type = 'startup'");
    const over = new AbortController();
    const throttled = throttle(Number(startup?.["pid"]), over.signal);
    const writing = write(primary, over.signal);
    try {
      const behind = `select pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) > 150 * 1024 * 1024
        and pg_last_xact_replay_timestamp() < now() - interval '16 s'`;
      await waitUntil(standby.server, "it is far behind", behind, { timeoutSeconds: 120 });
      const seen = await diagnoseLive(standby.server, { seconds: 3 });
      assert.deepEqual(claims(seen, ALL), ["warning replica-too-slow: server"], story(seen));
      await record("replica-too-slow", seen.snapshot);
    } finally {
      over.abort();
      await Promise.all([throttled, writing]);
    }
  });

  it("queries that replay cancels now are a conflict; those it cancelled before are history", async () => {
    await using primary = await startSandbox({ settings: { autovacuum_naptime: "1d" } });
    await ask(primary, "create extension pg_stat_statements; create table orders as select generate_series(1, 20000) id");
    await using standby = await startStandby(primary, { settings: { max_standby_streaming_delay: 0 } });
    await standby.untilCaughtUp();
    await using sessions = sessionsOn(standby.server);
    const conflict = async () => {
      const report = await sessions.open({ application: "report" });
      const cancelled = report.send("begin isolation level repeatable read; select count(*) from orders; select pg_sleep(30)");
      await waitUntil(standby.server, "it reads", "select exists (select from pg_stat_activity where wait_event = 'PgSleep')");
      await ask(primary, "delete from orders where id in (select id from orders limit 500)");
      await ask(primary, "vacuum orders");
      const outcome = await cancelled.outcome;
      assert.equal(outcome.kind, "failed");
      // A session counts its conflict when its transaction is over.
      await report[Symbol.asyncDispose]();
    };
    let isOver = false;
    const conflicting = (async () => {
      while (!isOver) await conflict();
    })();
    let seen = await diagnoseLive(standby.server, { seconds: 4 });
    // Replay may cancel one of our own looks as well: then that evidence was not seen.
    for (let tries = 1; tries < 4 && seen.diagnosis.verdict === "undecided"; tries++)
      seen = await diagnoseLive(standby.server, { seconds: 4 });
    isOver = true;
    await conflicting;
    assert.deepEqual(claims(seen, ALL), ["warning standby-query-conflicts: server"], story(seen));
    assert.deepEqual(seen.diagnosis.causes[0]?.remedies, []);
    await record("standby-query-conflicts.cancelled", seen.snapshot);

    // Before 15 a collector gathers what sessions report, twice a second.
    await sleep(1_500);
    const later = await diagnoseLive(standby.server);
    assert.deepEqual(claims(later, ALL), [], story(later));
  });
});

/** Lets a process run for a twentieth of the time, as a machine does that has too little of everything. */
async function throttle(pid: number, signal: AbortSignal): Promise<void> {
  assert.ok(pid > 1);
  try {
    while (!signal.aborted) {
      kill(pid, "SIGSTOP");
      await sleep(190);
      kill(pid, "SIGCONT");
      await sleep(10);
    }
  } finally {
    kill(pid, "SIGCONT");
  }
}

async function write(server: Reachable, signal: AbortSignal): Promise<void> {
  await using session = await openSession(server, { application: "import" });
  while (!signal.aborted) {
    await session.query("insert into filler select repeat('x', 1000) from generate_series(1, 10000)");
    await sleep(100);
  }
}
