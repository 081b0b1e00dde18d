import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startSandbox } from "../../sandbox/server.ts";
import { ask, type Reachable, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { startStandby } from "../../sandbox/standby.ts";
import { claims, story } from "./claims.ts";
import { diagnoseLive } from "./diagnose-live.ts";
import { record } from "./record.ts";

/** Keeps autovacuum from running by itself without switching it off: each test vacuums where it wants to. */
const BY_HAND = { autovacuum_naptime: "1d" };
/** A little longer than a session must rest before it counts. */
const PARKED_MS = 21_000;

describe("vacuum, on a real server", () => {
  it("a session and a prepared transaction each hold back the tables of their own database only", async () => {
    await using server = await startSandbox({ settings: { ...BY_HAND, max_prepared_transactions: 5 } });
    await using sessions = sessionsOn(server);
    for (const database of ["shop", "bank"]) {
      await ask(server, `create database ${database}`);
      await ask(server, "create extension pg_stat_statements", [], { database });
      await makeEvents(server, database);
    }
    const report = await sessions.open({ database: "shop", application: "report" });
    await report.query("begin isolation level repeatable read");
    await report.query("select count(*) from events where id < 10");
    const broker = await sessions.open({ database: "bank", application: "broker" });
    await broker.query("create table transfers (id int); begin; insert into transfers values (1); prepare transaction 'transfer-17'");
    await sleep(PARKED_MS);
    for (const database of ["shop", "bank"]) await deleteAndVacuum(server, database);

    const shop = await diagnoseLive(server, { database: "shop" });
    assert.deepEqual(claims(shop), [`warning vacuum-held-back: pid ${report.pid}`], story(shop));
    const [cause] = shop.diagnosis.causes;
    assert.deepEqual(cause?.explains, ["pg-dead-rows:public.events"]);
    assert.equal(shop.diagnosis.findings.find(({ rule }) => rule === "pg-vacuum-held-back")?.facts["stuckRows"], 100_000);
    assert.deepEqual(
      cause?.remedies.map(({ tool, arguments: { pid } }) => [tool, pid]),
      [["pg_terminate_session", report.pid]],
    );
    await record("vacuum-held-back", shop.snapshot);

    const bank = await diagnoseLive(server, { database: "bank" });
    assert.deepEqual(claims(bank), ["warning vacuum-held-back: transfer-17"], story(bank));
    assert.match(bank.diagnosis.causes[0]?.advice[0] ?? "", /rollback prepared 'transfer-17'/);
    await record("vacuum-held-back.prepared-transaction", bank.snapshot);

    await report.query("rollback");
    await ask(server, "vacuum events", [], { database: "shop" });
    const cured = await diagnoseLive(server, { database: "shop" });
    assert.deepEqual(claims(cured), [], story(cured));
    await ask(server, "rollback prepared 'transfer-17'", [], { database: "bank" });
  });

  it("a standby's feedback holds vacuum back, by itself or through the slot that it has left behind", async () => {
    await using server = await startSandbox({ settings: BY_HAND });
    await ask(server, "create extension pg_stat_statements");
    for (const slot of [undefined, "replica"]) {
      await makeEvents(server, "postgres");
      await using standby = await startStandby(server, {
        application: "reports",
        hotStandbyFeedback: true,
        settings: { wal_receiver_status_interval: "1s" },
        ...(slot === undefined ? {} : { slot }),
      });
      await standby.untilCaughtUp();
      await using onStandby = sessionsOn(standby.server);
      const reader = await onStandby.open({ application: "monthly" });
      await reader.query("begin isolation level repeatable read");
      await reader.query("select count(*) from events");
      const holder =
        slot === undefined ? "pg_stat_replication where backend_xmin is not null" : "pg_replication_slots where xmin is not null";
      await waitUntil(server, "the feedback has arrived", `select count(*) > 0 from ${holder}`);
      if (slot !== undefined) await standby.server.stop("immediate");
      await deleteAndVacuum(server, "postgres");

      const seen = await diagnoseLive(server);
      assert.deepEqual(claims(seen), [`warning vacuum-held-back: ${slot ?? "reports"}`], story(seen));
      assert.deepEqual(seen.diagnosis.causes[0]?.object?.kind, slot === undefined ? "standby" : "slot");
      assert.deepEqual(seen.diagnosis.causes[0]?.remedies, []);
      await record(`vacuum-held-back.${slot === undefined ? "standby" : "slot"}`, seen.snapshot);
      await ask(server, "drop table events");
    }
  });

  it("dead rows that nobody holds are no cause: the next round of autovacuum takes them", async () => {
    await using server = await startSandbox({ settings: BY_HAND });
    await using sessions = sessionsOn(server);
    await ask(server, "create extension pg_stat_statements");
    await makeEvents(server, "postgres");
    const idle = await sessions.open({ application: "pool" });
    await idle.query("select 1");
    await ask(server, "delete from events where id % 2 = 0");
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen), [], story(seen));
    assert.deepEqual(seen.diagnosis.unexplained, ["pg-dead-rows:public.events"]);
  });

  it("autovacuum switched off for a table is named with the table, for the server with the setting", async () => {
    await using server = await startSandbox({ settings: BY_HAND });
    await ask(server, "create extension pg_stat_statements");
    await makeEvents(server, "postgres");
    await ask(server, "create table parameters (id int) with (autovacuum_enabled = off)");
    await ask(server, "alter table events set (autovacuum_enabled = off)");
    await ask(server, "delete from events where id % 3 <> 0");
    const table = await diagnoseLive(server);
    assert.deepEqual(claims(table), ["warning autovacuum-disabled: public.events"], story(table));
    assert.deepEqual(table.diagnosis.causes[0]?.explains, ["pg-dead-rows:public.events"]);
    await record("autovacuum-disabled", table.snapshot);

    await server.reload({ autovacuum: false });
    const off = await diagnoseLive(server);
    assert.deepEqual(claims(off), ["warning autovacuum-disabled: autovacuum"], story(off));
    await record("autovacuum-disabled.server", off.snapshot);
  });

  it("autovacuum that crawls under its cost limit is too slow, and not held back", async () => {
    await using server = await startSandbox({
      settings: {
        autovacuum_naptime: "1s",
        autovacuum_max_workers: 1,
        ...{ autovacuum_vacuum_cost_delay: "100ms", autovacuum_vacuum_cost_limit: 1 },
      },
    });
    await ask(server, "create extension pg_stat_statements");
    for (const name of ["events", "clicks"]) {
      await ask(
        server,
        `create table ${name} with (autovacuum_enabled = off) as select id, repeat('x', 60) as pad from generate_series(1, 60000) id`,
      );
      await ask(server, `analyze ${name}`);
      for (let round = 0; round < 3; round++) await ask(server, `update ${name} set pad = pad`);
    }
    await ask(server, "alter table events reset (autovacuum_enabled); alter table clicks reset (autovacuum_enabled)");
    await waitUntil(server, "the one worker is at work", "select count(*) > 0 from pg_stat_progress_vacuum");
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen), ["warning autovacuum-too-slow: autovacuum_vacuum_cost_limit"], story(seen));
    assert.ok(seen.diagnosis.causes[0]?.explains.some((key) => key.startsWith("pg-dead-rows:")));
    await record("autovacuum-too-slow", seen.snapshot);
  });

  it("an old transaction is the cause of a freeze that is overdue; without it wraparound is near by itself", async () => {
    await using server = await startSandbox({ settings: { ...BY_HAND, autovacuum_freeze_max_age: 100_000 } });
    await using sessions = sessionsOn(server);
    await ask(server, "create extension pg_stat_statements");
    const forgotten = await sessions.open({ application: "psql" });
    await forgotten.query("begin isolation level repeatable read; select 1");
    await ask(server, "create unlogged table ticks (i int) with (autovacuum_enabled = off)");
    const began = performance.now();
    for (let round = 0; round < 5; round++) await ask(server, BURN_50000_TRANSACTIONS);
    await sleep(Math.max(0, PARKED_MS - (performance.now() - began)));

    const held = await diagnoseLive(server);
    assert.deepEqual(claims(held), [`warning vacuum-held-back: pid ${forgotten.pid}`], story(held));
    assert.deepEqual(held.diagnosis.causes[0]?.explains, [`pg-freeze-held-back:pid ${forgotten.pid}`]);
    await record("vacuum-held-back.freeze", held.snapshot);

    await forgotten.query("rollback");
    const near = await diagnoseLive(server);
    assert.deepEqual(claims(near), ["warning wraparound-near: postgres"], story(near));
    await record("wraparound-near", near.snapshot);

    await ask(server, "vacuum (freeze)");
    const cured = await diagnoseLive(server);
    const [left] = claims(cured);
    assert.match(left ?? "", /^warning wraparound-near: template[01]$/, story(cured));
  });

  it("multixacts that nobody freezes run towards their own wraparound", async () => {
    await using server = await startSandbox({ settings: { ...BY_HAND, autovacuum_multixact_freeze_max_age: 10_000 } });
    await ask(server, "create extension pg_stat_statements");
    await ask(server, "create table parents as select id from generate_series(1, 21000) id; alter table parents add primary key (id)");
    await ask(server, BURN_21000_MULTIXACTS);
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen), ["warning multixact-wraparound-near: postgres"], story(seen));
    await record("multixact-wraparound-near", seen.snapshot);
  });

  it("a table that was emptied and vacuumed is bloated, and nothing worse", async () => {
    await using server = await startSandbox({ settings: BY_HAND });
    await ask(server, "create extension pg_stat_statements");
    await ask(server, "create table journal as select id, repeat('x', 1000) as pad from generate_series(1, 60000) id");
    await ask(server, "delete from journal where id % 8 <> 0");
    await ask(server, "vacuum (analyze) journal");
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen, ["critical", "warning", "advice"]), ["advice table-bloat: public.journal"], story(seen));
    await record("table-bloat", seen.snapshot);
  });
});

async function makeEvents(server: Reachable, database: string): Promise<void> {
  await ask(server, "create table events as select id, repeat('x', 40) as pad from generate_series(1, 200000) id", [], { database });
  await ask(server, "vacuum (analyze) events", [], { database });
}

async function deleteAndVacuum(server: Reachable, database: string): Promise<void> {
  await ask(server, "delete from events where id % 2 = 0", [], { database });
  await ask(server, "vacuum events", [], { database });
}

/** A subtransaction that writes takes an id of its own. */
const BURN_50000_TRANSACTIONS = `do $$
  begin
    for i in 1..50000 loop
      begin
        insert into ticks values (i);
      exception when sqlstate 'P0001' then null;
      end;
    end loop;
  end $$`;

/** Two members that differ from row to row: the transaction itself, and a subtransaction of its own for each row. */
const BURN_21000_MULTIXACTS = `do $$
  begin
    perform 1 from parents for key share;
    for i in 1..21000 loop
      begin
        perform 1 from parents where id = i for no key update;
      exception when sqlstate 'P0001' then null;
      end;
    end loop;
  end $$`;
