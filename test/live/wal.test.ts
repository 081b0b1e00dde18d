import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { installedMajors, type SandboxServer, type Settings, startSandbox } from "../../sandbox/server.ts";
import { ask, type Reachable, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { claims, story } from "./claims.ts";
import { diagnoseLive } from "./diagnose-live.ts";
import { record } from "./record.ts";

const ALL = ["critical", "warning", "advice"];
const SMALL = { max_wal_size: "32MB", min_wal_size: "32MB", autovacuum_naptime: "1d" };

describe("WAL and checkpoints, on a real server", () => {
  it("a slot that nobody reads is why pg_wal grows, as long as somebody writes", async () => {
    await using server = await started(SMALL);
    await ask(server, "select pg_create_physical_replication_slot('old_standby', true)");
    await fillSegments(server, 22);
    await using trickle = writing(server, { rows: 20, everyMs: 100 });
    await sleep(500);
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen, ALL), ["warning stale-replication-slot: old_standby"], story(seen));
    assert.deepEqual(seen.diagnosis.causes[0]?.explains, ["pg-wal-piles-up"]);
    await record("stale-replication-slot", seen.snapshot);

    await trickle.stop();
    await ask(server, "select pg_drop_replication_slot('old_standby'); checkpoint");
    const cured = await diagnoseLive(server);
    assert.deepEqual(claims(cured, ALL), [], story(cured));
  });

  it("a slot that was invalidated has lost its WAL, and is not stale beside that", async () => {
    await using server = await started({ ...SMALL, max_slot_wal_keep_size: "32MB" });
    await ask(server, "select pg_create_physical_replication_slot('old_standby', true)");
    await fillSegments(server, 8);
    await ask(server, "checkpoint");
    await waitUntil(server, "the slot is lost", "select wal_status = 'lost' from pg_replication_slots");
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen, ALL), ["warning wal-removed-before-standby: old_standby"], story(seen));
    await record("wal-removed-before-standby", seen.snapshot);
  });

  it("an archive command that fails is the cause, until an attempt succeeds", async () => {
    await using server = await started({ archive_mode: true, archive_command: "false" });
    await fillSegments(server, 3);
    await waitUntil(server, "archiving has failed", "select failed_count > 0 from pg_stat_archiver");
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen, ALL), ["warning archiving-fails: archive_command"], story(seen));
    await record("archiving-fails", seen.snapshot);

    await server.reload({ archive_command: "true" });
    await fillSegments(server, 1);
    await waitUntil(server, "archiving has caught up", "select last_archived_time > last_failed_time from pg_stat_archiver");
    const cured = await diagnoseLive(server);
    assert.deepEqual(claims(cured, ALL), [], story(cured));
  });

  it("archiving that is on and not configured keeps all WAL", async () => {
    await using server = await started({ archive_mode: true });
    await fillSegments(server, 2);
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen, ALL), ["warning archiving-fails: archive_command"], story(seen));
    await record("archiving-fails.not-configured", seen.snapshot);
  });

  it("a wal_keep_size that fills pg_wal is advice, and explains it", async () => {
    await using server = await started({ ...SMALL, wal_keep_size: "1GB" });
    await fillSegments(server, 24);
    await ask(server, "checkpoint");
    const seen = await diagnoseLive(server);
    assert.deepEqual(claims(seen, ALL), ["advice wal-retention-misconfigured: wal_keep_size"], story(seen));
    assert.deepEqual(seen.diagnosis.causes[0]?.explains, ["pg-wal-piles-up"]);
    await record("wal-retention-misconfigured", seen.snapshot);
  });

  it("checkpoints that WAL volume forces are a max_wal_size that is too small; a manual one is not", async () => {
    await using server = await started(SMALL);
    await ask(server, "checkpoint");
    const [quiet] = await Promise.all([
      diagnoseLive(server, { seconds: 2 }),
      sleep(500).then(() => ask(server, "insert into filler select repeat('x', 100); checkpoint")),
    ]);
    assert.deepEqual(claims(quiet, ALL), [], story(quiet));

    await using flood = writing(server, { rows: 20_000, everyMs: 0 });
    await sleep(1_000);
    const seen = await diagnoseLive(server, { seconds: 4 });
    await flood.stop();
    assert.deepEqual(claims(seen), ["warning max-wal-size-too-small: max_wal_size"], story(seen));
    await record("max-wal-size-too-small", seen.snapshot);
  });

  it("a background writer that may write two pages a round leaves the rest to the backends", async () => {
    const major = installedMajors().find((one) => one <= 16);
    await using server = await started({ bgwriter_lru_maxpages: 2, shared_buffers: "1MB", autovacuum_naptime: "1d" }, major);
    await ask(server, "create table pages as select id, repeat('x', 400) as pad from generate_series(1, 50000) id");
    await ask(server, "alter table pages add primary key (id)");
    await using sessions = sessionsOn(server);
    const writer = await sessions.open({ application: "import" });
    const updating = writer.send(
      "do $$ begin loop update pages set pad = pad where id % 10 = floor(random() * 10); commit; end loop; end $$",
    );
    await sleep(1_000);
    const seen = await diagnoseLive(server, { seconds: 3 });
    await sessions[Symbol.asyncDispose]();
    await updating.outcome;
    assert.ok(
      claims(seen, ALL).some((claim) => claim.endsWith("bgwriter-misconfigured: bgwriter_lru_maxpages")),
      story(seen),
    );
    await record("bgwriter-misconfigured", seen.snapshot);
  });
});

async function started(settings: Settings, major?: SandboxServer["major"]): Promise<SandboxServer> {
  const server = await startSandbox({ settings, ...(major === undefined ? {} : { major }) });
  await ask(server, "create extension pg_stat_statements; create table filler (pad text)");
  return server;
}

/** Ends so many segments, each with little in it. */
async function fillSegments(server: Reachable, count: number): Promise<void> {
  for (let done = 0; done < count; done++) await ask(server, "insert into filler select repeat('x', 1000); select pg_switch_wal()");
}

interface Writing extends AsyncDisposable {
  stop(): Promise<void>;
}

function writing(server: Reachable, { rows, everyMs }: { readonly rows: number; readonly everyMs: number }): Writing {
  const over = new AbortController();
  const done = (async () => {
    await using sessions = sessionsOn(server);
    const session = await sessions.open({ application: "import" });
    while (!over.signal.aborted) {
      await session.query(`insert into filler select repeat('x', 500) from generate_series(1, ${rows})`);
      if (everyMs > 0) await sleep(everyMs);
    }
  })();
  const stop = async () => {
    over.abort();
    await done;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}
