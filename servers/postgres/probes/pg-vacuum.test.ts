import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgVacuum } from "../../../diagnosis/evidence/pg-operations.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { startStandby } from "../../../sandbox/standby.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { vacuum } from "./pg-vacuum.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg.vacuum on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox({
        ...options,
        settings: {
          wal_level: "logical",
          max_prepared_transactions: 10,
          autovacuum_vacuum_cost_delay: -1,
          vacuum_cost_delay: "3ms",
          autovacuum_naptime: "17s",
        },
      });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login;
         create table t (id int primary key, a text); insert into t select i, repeat('x', 200) from generate_series(1, 20000) i`,
      );
      looker = lookerAt(server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const burn = () => ask(server, "do $$ begin for i in 1..20 loop perform pg_current_xact_id(); commit; end loop; end $$");

    it("resolves settings that point to others", async () => {
      const { value } = await looker.look(vacuum);
      assert.deepEqual(PgVacuum.parse(value), value);
      assert.deepEqual(
        [value.enabled, value.costDelayMs, value.costLimit, value.naptimeSeconds, value.freezeMaxAge, value.holdersVisible],
        [true, 3, 200, 17, 200_000_000, true],
      );
    });

    it("has no holder when nobody holds, its own sessions left out", async () => {
      const { value } = await looker.look(vacuum);
      assert.deepEqual(value.holders, []);
    });

    it("names the session that keeps a snapshot, and the one that has only a transaction id", async () => {
      await using sessions = sessionsOn(server);
      const reader = await sessions.open({ application: "report" });
      await reader.query("begin isolation level repeatable read; select count(*) from t");
      await burn();
      const writer = await sessions.open({ application: "writer" });
      await writer.query("begin; update t set a = a where id = 1");
      await burn();
      const { value } = await looker.look(vacuum);
      assert.deepEqual(
        value.holders.map((one) => one.kind === "session" && [one.pid, one.application, one.state]),
        [
          [reader.pid, "report", "idle in transaction"],
          [writer.pid, "writer", "idle in transaction"],
        ],
      );
      const [first, second] = value.holders;
      assert.ok((first?.age ?? 0) > (second?.age ?? 0) && (second?.age ?? 0) >= 20);
    });

    it("names the prepared transaction", async () => {
      await ask(server, "begin; update t set a = a where id = 2; prepare transaction 'orphan'");
      try {
        await burn();
        const { value } = await looker.look(vacuum);
        const [holder] = value.holders;
        assert.ok(holder?.kind === "prepared-transaction");
        assert.deepEqual([holder.gid, holder.database], ["orphan", "postgres"]);
        assert.ok(holder.age >= 20 && holder.ageSeconds >= 0);
      } finally {
        await ask(server, "rollback prepared 'orphan'");
      }
    });

    it("tells a logical slot, which holds the catalogs only", async () => {
      await ask(server, "select pg_create_logical_replication_slot('changes', 'test_decoding')");
      try {
        const { value } = await looker.look(vacuum);
        const [holder] = value.holders;
        assert.ok(holder?.kind === "slot");
        assert.deepEqual([holder.name, holder.active, holder.catalogOnly], ["changes", false, true]);
      } finally {
        await ask(server, "select pg_drop_replication_slot('changes')");
      }
    });

    it("names the standby whose feedback holds, and its slot where it has one", async () => {
      for (const slot of [undefined, "replica_1"]) {
        await using standby = await startStandby(server, {
          application: "replica-1",
          hotStandbyFeedback: true,
          settings: { wal_receiver_status_interval: "1s" },
          ...(slot !== undefined && { slot }),
        });
        await standby.untilStreaming();
        await using sessions = sessionsOn(standby.server);
        const reader = await sessions.open({ application: "report" });
        await reader.query("begin isolation level repeatable read; select count(*) from t");
        const hasFeedback =
          slot === undefined
            ? "select count(backend_xmin) > 0 from pg_stat_replication"
            : `select count(xmin) > 0 from pg_replication_slots where slot_name = '${slot}'`;
        await waitUntil(server, "feedback of the standby", hasFeedback);
        const { value } = await looker.look(vacuum);
        assert.deepEqual(
          value.holders.map((one) =>
            one.kind === "standby" ? [one.kind, one.application] : one.kind === "slot" ? [one.kind, one.name, one.catalogOnly] : one,
          ),
          [slot === undefined ? ["standby", "replica-1"] : ["slot", slot, false]],
        );
      }
    });

    it("sees a vacuum that runs, with its table and phase, and does not call it a holder", async () => {
      await using sessions = sessionsOn(server);
      const dba = await sessions.open({ application: "dba" });
      await ask(server, "update t set a = a");
      await dba.query("set vacuum_cost_delay = '100ms'; set vacuum_cost_limit = 1");
      dba.send("vacuum t");
      await waitUntil(server, "the vacuum", "select count(*) > 0 from pg_stat_progress_vacuum where heap_blks_total > 0");
      const { value } = await looker.look(vacuum);
      const [run] = value.running;
      assert.deepEqual(
        [run?.pid, run?.relation, run?.database, run?.automatic, run?.toPreventWraparound],
        [dba.pid, { schema: "public", name: "t" }, "postgres", false, false],
      );
      assert.equal(typeof run?.phase, "string");
      assert.equal(typeof run?.scannedRatio, "number");
      assert.deepEqual(value.holders, []);
    });

    it("says that it cannot see everyone without pg_monitor", async () => {
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      const { value } = await nobody.look(vacuum);
      assert.equal(value.holdersVisible, false);
    });

    it("says that autovacuum does not run without track_counts", async () => {
      await server.reload({ track_counts: false });
      try {
        await waitUntil(server, "the setting", "select setting = 'off' from pg_settings where name = 'track_counts'");
        const { value } = await looker.look(vacuum);
        assert.deepEqual([value.enabled, value.trackCounts], [false, false]);
      } finally {
        await server.reload({ track_counts: true });
      }
    });

    it("knows the autovacuum that works against wraparound, which gives way to nobody", async () => {
      await ask(
        server,
        `create table old (a int) with (autovacuum_freeze_max_age = 100000, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
         insert into old select generate_series(1, 20000)`,
      );
      // Each block with an exception handler that writes is a subtransaction, and takes an id of its own.
      await ask(
        server,
        "create table ids (a int); do $$ begin for i in 1..110000 loop begin insert into ids values (1); exception when division_by_zero then null; end; end loop; end $$",
      );
      // The launcher takes note of a shorter nap only after the present one.
      await server.restart({ autovacuum_naptime: "1s" });
      const works = "select count(*) > 0 from pg_stat_progress_vacuum where relid = 'old'::regclass and heap_blks_total > 0";
      await waitUntil(server, "autovacuum on the old table", works);
      const { value } = await looker.look(vacuum);
      const run = value.running.find((one) => one.relation?.name === "old");
      assert.deepEqual([run?.automatic, run?.toPreventWraparound, run?.database], [true, true, "postgres"]);
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      assert.deepEqual((await nobody.look(vacuum)).value.running, [], "hidden from a role without pg_monitor");
    });
  });
}
