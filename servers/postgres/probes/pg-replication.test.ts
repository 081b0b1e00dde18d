import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgReplication } from "../../../diagnosis/evidence/pg-operations.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { type Standby, startStandby } from "../../../sandbox/standby.ts";
import { during } from "../../../test/during.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { CannotLook } from "../probe.ts";
import { replication } from "./pg-replication.ts";

const MIB = 1024 * 1024;

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.replication on ${name}`, () => {
    let server: SandboxServer;
    let standby: Standby;
    let looker: Looker;
    let there: Looker;

    before(async () => {
      server = await startSandbox({ ...options, settings: { wal_level: "logical", max_replication_slots: 10, max_wal_senders: 10 } });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create role nobody_special login;
         create table t (id serial primary key, a text); insert into t (a) select 'x' from generate_series(1, 1000)`,
      );
      standby = await startStandby(server, {
        application: "replica-1",
        slot: "replica_1",
        hotStandbyFeedback: true,
        settings: { max_standby_streaming_delay: "100ms", wal_receiver_status_interval: "1s" },
      });
      await standby.untilStreaming();
      looker = lookerAt(server.url({ role: "monitor" }));
      there = lookerAt(standby.server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await there?.[Symbol.asyncDispose]();
      await standby?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const writeMuch = () => ask(server, "insert into t (a) select repeat('x', 1000) from generate_series(1, 5000)");

    it("sees the sender with its slot, and no standby of its own", async () => {
      const { value } = await looker.look(replication);
      assert.deepEqual(PgReplication.parse(value), value);
      assert.deepEqual([value.inRecovery, value.standby], [false, null]);
      const [sender] = value.senders;
      assert.equal(value.senders.length, 1);
      assert.deepEqual(
        [sender?.application, sender?.state, sender?.syncState, sender?.slot, sender?.client, sender?.role],
        ["replica-1", "streaming", "async", "replica_1", "127.0.0.1", "postgres"],
      );
      assert.equal(typeof sender?.replayLagBytes, "number");
      const slot = value.slots.find((one) => one.name === "replica_1");
      assert.deepEqual([slot?.active, slot?.type, slot?.activePid], [true, "physical", sender?.pid]);
    });

    it("measures how much WAL an inactive slot keeps, and how fast that grows", async () => {
      await ask(server, "select pg_create_physical_replication_slot('forgotten', true)");
      try {
        const { value } = await looker.look(during(replication, writeMuch));
        const slot = value.slots.find((one) => one.name === "forgotten");
        assert.deepEqual([slot?.active, slot?.activePid, slot?.walStatus], [false, null, "reserved"]);
        assert.ok((slot?.retainedBytes ?? 0) > 4 * MIB);
        assert.ok((slot?.growthBytesPerSecond ?? 0) > 0);
        assert.equal(slot?.inactiveSeconds === null, major < 17);
        assert.equal(value.slots[0]?.name, "forgotten", "most WAL first");
      } finally {
        await ask(server, "select pg_drop_replication_slot('forgotten')");
      }
    });

    it("sees a slot that never reserved WAL as one that keeps none", async () => {
      await ask(server, "select pg_create_physical_replication_slot('empty')");
      try {
        const { value } = await looker.look(replication);
        assert.equal(value.slots.find((one) => one.name === "empty")?.retainedBytes, null);
      } finally {
        await ask(server, "select pg_drop_replication_slot('empty')");
      }
    });

    it("sees the receiver, and replay that goes on", async () => {
      const write = async () => {
        await writeMuch();
        await standby.untilCaughtUp();
      };
      const { value } = await there.look(during(replication, write));
      assert.deepEqual(PgReplication.parse(value), value);
      const side = value.standby;
      assert.deepEqual(
        [value.inRecovery, side?.receiverStatus, side?.senderHost, side?.slot, side?.replayPaused],
        [true, "streaming", "127.0.0.1", "replica_1", false],
      );
      assert.deepEqual(
        [side?.hotStandbyFeedback, side?.maxStandbyStreamingDelayMs, side?.primarySlotConfigured, side?.primaryConninfoSet],
        [true, 100, true, true],
      );
      assert.ok((side?.replayBytesPerSecond ?? 0) > 0);
      assert.ok((side?.receiveBytesPerSecond ?? 0) > 0);
      assert.equal(value.senders.length, 0);
    });

    it("sees paused replay and the backlog behind it", async () => {
      await ask(standby.server, "select pg_wal_replay_pause()");
      try {
        const write = async () => {
          await writeMuch();
          await waitUntil(
            standby.server,
            "WAL that is received and not replayed",
            `select pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) > ${4 * MIB}`,
          );
        };
        const { value } = await there.look(during(replication, write));
        assert.equal(value.standby?.replayPaused, true);
        assert.ok((value.standby?.replayBacklogBytes ?? 0) > 4 * MIB);
        const primary = (await looker.look(replication)).value;
        assert.ok((primary.senders[0]?.replayLagBytes ?? 0) > 4 * MIB);
      } finally {
        await ask(standby.server, "select pg_wal_replay_resume()");
      }
    });

    it("counts queries that replay cancelled on the standby", async () => {
      await standby.untilCaughtUp();
      await using sessions = sessionsOn(standby.server);
      const reader = await sessions.open({ application: "report" });
      await reader.query("begin; select count(*) from t");
      const cancel = async () => {
        await ask(server, "truncate t");
        await waitUntil(standby.server, "a cancelled query", "select sum(confl_lock) > 0 from pg_stat_database_conflicts");
      };
      const { value } = await there.look(during(replication, cancel));
      assert.equal(value.standby?.conflictsInWindow, 1);
      assert.equal(value.standby?.conflicts.lock, 1);
    });

    it("sees a subscription whose worker does not run, and never its connection string", async () => {
      await ask(server, "create subscription s connection 'dbname=nowhere password=hunter2' publication p with (connect = false)");
      const { value } = await looker.look(replication);
      const [subscription] = value.subscriptions;
      assert.deepEqual([subscription?.name, subscription?.enabled, subscription?.workerRunning], ["s", false, false]);
      assert.equal(subscription?.applyErrors === null, major < 15);
      assert.equal(JSON.stringify(value).includes("hunter2"), false);
    });

    it("says which grant is missing where senders are hidden", async () => {
      for (const one of [server, standby.server]) {
        await using nobody = lookerAt(one.url({ role: "nobody_special" }));
        await assert.rejects(
          nobody.look(replication),
          (error) =>
            error instanceof CannotLook && error.because === "no-permission" && error.hint === 'grant pg_monitor to "nobody_special"',
        );
      }
    });
  });
}
