import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, waitUntil } from "../../../sandbox/sessions.ts";
import { startStandby } from "../../../sandbox/standby.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { type ToolBench, toolBenchAt } from "../../../test/tool-bench.ts";
import { replicationStatus } from "./pg-replication-status.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_replication_status on ${name}`, () => {
    let server: SandboxServer;
    let bench: ToolBench;

    before(async () => {
      server = await startSandbox({ ...options, settings: { archive_mode: true, archive_command: "exit 1 # hunter2" } });
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role nobody_special login");
      bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [replicationStatus] });
    });
    after(async () => {
      await bench?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("shows a failing archiver and a forgotten slot, and no command", async () => {
      await ask(server, "select pg_create_physical_replication_slot('forgotten', true)");
      try {
        await ask(server, "create table t as select repeat('x', 100) from generate_series(1, 20000); select pg_switch_wal()");
        await waitUntil(server, "a failure of the archiver", "select failed_count > 0 from pg_stat_archiver");
        const { text } = await bench.call(replicationStatus, { seconds: 0.2 });
        assert.match(text, /^Primary\.\nNo standby is connected\./);
        assert.match(text, /forgotten: physical, INACTIVE.*keeps [\d.]+ MiB of WAL/);
        assert.match(text, /Archiving: 0 archived, last never, \d+ failures, \d+ segments wait; FAILING, last .* ago with [0-9A-F]{24}/);
        assert.equal(text.includes("hunter2"), false);
        assert.ok(Buffer.byteLength(text) < 2048);
      } finally {
        await ask(server, "select pg_drop_replication_slot('forgotten')");
      }
    });

    it("shows both sides of a standby, and that replay is paused", async () => {
      await using standby = await startStandby(server, { application: "replica-1" });
      await standby.untilStreaming();
      assert.match((await bench.call(replicationStatus, { seconds: 0.2 })).text, /"replica-1" at 127\.0\.0\.1: streaming, async/);
      await ask(standby.server, "select pg_wal_replay_pause()");
      await using there = await toolBenchAt(standby.server.url({ role: "monitor" }), { tools: [replicationStatus] });
      const { text } = await there.call(replicationStatus, { seconds: 0.2 });
      assert.match(text, /^Standby\.\nReceives from 127\.0\.0\.1 \(streaming\)/);
      assert.match(text, /Replay is PAUSED \(pg_wal_replay_resume\(\) goes on\)/);
      await using bare = await toolBenchAt(standby.server.url({ role: "nobody_special" }), { tools: [replicationStatus] });
      await assert.rejects(bare.call(replicationStatus, { seconds: 0.2 }), {
        code: "NO_PERMISSION",
        hint: 'grant pg_monitor to "nobody_special"',
      });
    });
  });
}
