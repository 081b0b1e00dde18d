import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startSandbox } from "../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { startStandby } from "../../sandbox/standby.ts";
import { createBank, startWorkload } from "../../sandbox/workload.ts";
import { claims, story } from "./claims.ts";
import { diagnoseLive } from "./diagnose-live.ts";

/** Everything here looks like trouble to somebody who reads counters, and is none. */
describe("a healthy server with a scary past", () => {
  it("has no cause of severity warning or critical, on the primary and on its standby, under load", async () => {
    await using server = await startSandbox({
      settings: { archive_mode: true, archive_command: "false", autovacuum_naptime: "1d", deadlock_timeout: "100ms", wal_level: "logical" },
    });
    await ask(server, "create extension pg_stat_statements");
    await using sessions = sessionsOn(server);

    // Archiving failed earlier, and works.
    await ask(server, "create table past (id int); select pg_switch_wal()");
    await waitUntil(server, "archiving has failed", "select failed_count > 0 from pg_stat_archiver");
    await server.reload({ archive_command: "true" });
    await waitUntil(server, "archiving works", "select last_archived_time > last_failed_time from pg_stat_archiver");

    // A deadlock, rollbacks and a spilled sort, all of them over.
    await ask(server, "create table pairs (id int primary key, n int); insert into pairs values (1, 0), (2, 0)");
    const [one, two] = await sessions.openMany(2, { application: "past" }, () => "begin");
    await one?.query("update pairs set n = 1 where id = 1");
    await two?.query("update pairs set n = 1 where id = 2");
    const crossing = one?.send("update pairs set n = 1 where id = 2");
    await two?.send("update pairs set n = 1 where id = 1").outcome;
    await crossing?.outcome;
    await one?.query("rollback");
    await two?.query("rollback");
    await ask(
      server,
      "set work_mem = '64kB'; select count(*) from (select md5(i::text) m from generate_series(1, 200000) i order by m offset 0) s",
    );

    // A table that has autovacuum off and needs none; one that was just emptied by a batch; indexes on their first day.
    await ask(server, "create table codes with (autovacuum_enabled = off) as select generate_series(1, 100000) id");
    await ask(server, "create table batch as select id, repeat('x', 60) as pad from generate_series(1, 200000) id");
    await ask(server, "analyze; create index on batch (pad); delete from batch where id % 2 = 0");
    // A sequence at 60 %, a subscription that somebody disabled, a slot that was made for a standby to come.
    await ask(server, "create table orders (id serial primary key); select setval('orders_id_seq', 1288490188)");
    await ask(server, "create subscription paused connection 'host=127.0.0.1 dbname=nowhere' publication p with (connect = false)");
    await ask(server, "select pg_create_physical_replication_slot('replica_2', true)");
    // A pool that is mostly idle, a person at a prompt, a report under one snapshot.
    await sessions.openMany(40, { application: "pool" });
    await sessions.openMany(1, { application: "psql" }, () => "begin; select 1");
    const report = await sessions.open({ application: "report" });
    await report.query("begin isolation level repeatable read; select count(*) from batch");
    report.send("select pg_sleep(60)");

    await using standby = await startStandby(server, { application: "replica_1", slot: "replica_1", hotStandbyFeedback: true });
    await standby.untilStreaming();
    await using bank = await createBank(server);
    await using workload = await startWorkload(server, bank, { clients: 6, pauseMs: 2 });
    await waitUntil(server, "it is busy", () => workload.measure().transactions > 200);

    const primary = await diagnoseLive(server, { seconds: 2 });
    assert.deepEqual(claims(primary), [], story(primary));
    const replica = await diagnoseLive(standby.server, { seconds: 2 });
    assert.deepEqual(claims(replica), [], story(replica));
    for (const { diagnosis } of [primary, replica]) {
      assert.deepEqual(
        diagnosis.findings.filter(({ severity }) => severity !== "advice").map(({ key }) => key),
        [],
      );
      assert.equal(diagnosis.verdict, "healthy");
    }
  });
});
