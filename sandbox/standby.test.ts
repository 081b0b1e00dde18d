import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import { processesOf } from "./processes.ts";
import { installedMajors, startSandbox } from "./server.ts";
import { ask, sessionsOn, waitUntil } from "./sessions.ts";
import { startStandby } from "./standby.ts";

const value = async (server: Parameters<typeof ask>[0], text: string) => Object.values((await ask(server, text))[0] ?? {})[0];

suite("A sandbox's standby", () => {
  const majors = installedMajors();
  const some = new Set([majors[0], majors.at(-1)].flatMap((major) => major ?? []));

  for (const major of some) {
    test(`streams from PostgreSQL ${major} with a slot and feedback, and is promoted`, async () => {
      await using primary = await startSandbox({ major, settings: { max_connections: 30 } });
      await ask(primary, "create table item as select 1 as id");
      let folder: string;
      let dataDirectory: string;
      {
        await using standby = await startStandby(primary, { application: "replica_1", slot: "replica_1", hotStandbyFeedback: true });
        ({ folder, dataDirectory } = standby.server);
        await standby.untilStreaming();
        assert.equal(await value(primary, "select active from pg_replication_slots where slot_name = 'replica_1'"), true);
        await ask(primary, "insert into item values (2)");
        await standby.untilCaughtUp();
        assert.equal(await value(standby.server, "select count(*)::int from item"), 2);
        assert.equal(await value(standby.server, "select pg_is_in_recovery()"), true);
        assert.equal(await value(standby.server, "show hot_standby_feedback"), "on");
        await assert.rejects(ask(standby.server, "insert into item values (3)"), { code: "25006" });

        await standby.promote();
        await ask(standby.server, "insert into item values (3)");
        assert.equal(await value(primary, "select count(*)::int from item"), 2);
      }
      assert.equal(existsSync(folder), false);
      assert.deepEqual(await processesOf(dataDirectory), []);
      assert.equal(await value(primary, "select count(*)::int from pg_replication_slots"), 0);
    });
  }

  test("makes commits wait where the primary counts on it, and goes away", async () => {
    await using primary = await startSandbox();
    {
      await using standby = await startStandby(primary, { application: "sync_1" });
      await primary.reload({ synchronous_standby_names: "sync_1" });
      await waitUntil(primary, "it is synchronous", "select exists (select from pg_stat_replication where sync_state = 'sync')");
      await ask(primary, "create table item ()");
      assert.equal(standby.server.major, primary.major);
    }
    await waitUntil(primary, "the standby has left", "select not exists (select from pg_stat_replication)");
    await using sessions = sessionsOn(primary);
    const writer = await sessions.open();
    const insert = writer.send("insert into item default values");
    const hangs = "select exists (select from pg_stat_activity where wait_event = 'SyncRep')";
    await waitUntil(primary, "the commit waits for it", hangs);
    assert.equal(insert.isSettled, false);
  });
});
