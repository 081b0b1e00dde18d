import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgWal } from "../../../diagnosis/evidence/pg-operations.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, waitUntil } from "../../../sandbox/sessions.ts";
import { startStandby } from "../../../sandbox/standby.ts";
import { during } from "../../../test/during.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { wal } from "./pg-wal.ts";

const SECRET = "hunter2";
const MIB = 1024 * 1024;

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.wal on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox({
        ...options,
        settings: {
          archive_mode: true,
          archive_command: `false # ${SECRET}`,
          max_wal_size: "96MB",
          checkpoint_timeout: "10min",
          wal_keep_size: "64MB",
        },
      });
      await ask(
        server,
        "create role monitor login; grant pg_monitor to monitor; create role nobody_special login; create table t (a text)",
      );
      looker = lookerAt(server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("sees archiving fail, the segments that wait for it, and never the command", async () => {
      await ask(server, "insert into t values ('x'); select pg_switch_wal()");
      await waitUntil(server, "a failure of the archiver", "select failed_count > 0 from pg_stat_archiver");
      const { value } = await looker.look(wal);
      assert.deepEqual(PgWal.parse(value), value);
      const { archiver } = value;
      assert.deepEqual([archiver.mode, archiver.configured, archiver.archived], ["on", true, 0]);
      assert.ok(archiver.failed > 0);
      assert.match(archiver.lastFailedWal ?? "", /^[0-9A-F]{24}$/);
      assert.match(archiver.lastFailedAt ?? "", /Z$/);
      assert.ok((archiver.lastFailedAgeSeconds ?? -1) >= 0);
      assert.ok((archiver.waitingSegments ?? 0) >= 1);
      assert.equal(JSON.stringify(value).includes(SECRET), false);
    });

    it("counts what the archiver failed within the window, apart from before", async () => {
      const failures = async () => Number((await ask(server, "select failed_count as n from pg_stat_archiver"))[0]?.["n"]);
      const before = await failures();
      const more = () => waitUntil(server, "another failure", async () => (await failures()) > before);
      const { value } = await looker.look(during(wal, more));
      assert.ok(value.archiver.failedInWindow >= 1);
      assert.ok(value.archiver.failedInWindow < value.archiver.failed);
    });

    it("measures the WAL that is written and the checkpoints that are asked for", async () => {
      const write = async () => {
        await ask(server, "insert into t select repeat('x', 1000) from generate_series(1, 5000)");
        await ask(server, "checkpoint");
        await waitUntil(
          server,
          "the checkpoint in the statistics",
          async () => (await looker.look(wal)).value.checkpoints.requested > requestedBefore,
        );
      };
      const requestedBefore = (await looker.look(wal)).value.checkpoints.requested;
      const { value } = await looker.look(during(wal, write));
      assert.ok(value.bytesPerSecond * value.windowSeconds > 4 * MIB);
      assert.ok(value.checkpoints.requestedInWindow >= 1);
      assert.equal(value.checkpoints.timedInWindow, 0);
      assert.ok(value.buffers.checkpointerPerSecond > 0);
      assert.equal(value.buffers.backendsPerSecond === null, major >= 17);
      assert.ok((value.checkpoints.lastCheckpointAgeSeconds ?? -1) >= 0);
    });

    it("gives settings in bytes and the size of pg_wal", async () => {
      const { value } = await looker.look(wal);
      const { segmentBytes, maxWalSizeBytes, walKeepSizeBytes, maxSlotWalKeepBytes, directoryBytes, segments } = value;
      assert.deepEqual([segmentBytes, maxWalSizeBytes, walKeepSizeBytes, maxSlotWalKeepBytes], [16 * MIB, 96 * MIB, 64 * MIB, -1]);
      assert.equal(value.checkpoints.timeoutSeconds, 600);
      assert.ok((segments ?? 0) >= 1);
      assert.ok((directoryBytes ?? 0) >= (segments ?? 0) * segmentBytes);
    });

    it("says null, not none, of what an unprivileged role may not see", async () => {
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      const { value } = await nobody.look(wal);
      assert.deepEqual([value.directoryBytes, value.segments, value.archiver.waitingSegments], [null, null, null]);
      assert.ok(value.archiver.failed > 0);
    });

    it("follows the replay on a standby", async () => {
      await using standby = await startStandby(server, { settings: { archive_mode: false } });
      await standby.untilStreaming();
      await using there = lookerAt(standby.server.url({ role: "monitor" }));
      const write = async () => {
        await ask(server, "insert into t select repeat('x', 1000) from generate_series(1, 5000)");
        await standby.untilCaughtUp();
      };
      const { value } = await there.look(during(wal, write));
      assert.deepEqual(PgWal.parse(value), value);
      assert.ok(value.bytesPerSecond * value.windowSeconds > 4 * MIB);
      assert.equal(value.archiver.mode, "off");
    });
  });
}
