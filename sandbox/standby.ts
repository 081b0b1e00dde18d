import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { giveToAccount, writeOwned } from "./account.ts";
import { type Cluster, runCluster, type Settings } from "./cluster.ts";
import { dataFolderOf, newRunFolder, removeFolder } from "./scratch.ts";
import { ask, openSession, waitUntil } from "./sessions.ts";
import { copyFolder } from "./template.ts";

export interface StandbyOptions {
  /** As the primary sees it, in pg_stat_replication and synchronous_standby_names. */
  readonly application?: string;
  /** A physical slot of this name on the primary; made, and dropped on dispose where the primary still runs. */
  readonly slot?: string;
  readonly hotStandbyFeedback?: boolean;
  readonly settings?: Settings;
}

export interface Standby extends AsyncDisposable {
  readonly server: Cluster;
  readonly application: string;
  /** Returns once the primary reports it as streaming. */
  untilStreaming(): Promise<void>;
  /** Returns once everything that the primary has written by now is replayed here. */
  untilCaughtUp(): Promise<void>;
  promote(): Promise<void>;
}

/** Starts empty on a standby, as pg_basebackup does it: the primary's own, or made anew. */
const LEFT_EMPTY = ["pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"];
const LEFT_OUT = /^(postmaster\.(pid|opts)|standby\.signal|recovery\.signal|backup_label(\.old)?|tablespace_map(\.old)?)$/;

/** A streaming standby of a sandbox's server, from a base backup by hand, as the npm package has no pg_basebackup. */
export async function startStandby(primary: Cluster, options: StandbyOptions = {}): Promise<Standby> {
  const { application = "standby", slot } = options;
  if (slot !== undefined) await ask(primary, "select pg_create_physical_replication_slot($1, true)", [slot]);
  const folder = await newRunFolder();
  let server: Cluster;
  try {
    await backUp(primary, dataFolderOf(folder));
    server = await runCluster({
      binaries: primary.binaries,
      folder,
      isTemporary: true,
      hba: null,
      settings: {
        ...primary.settings,
        ...options.settings,
        primary_conninfo: `host=${primary.host} port=${primary.port} user=postgres application_name=${application}`,
        ...(slot === undefined ? {} : { primary_slot_name: slot }),
        hot_standby_feedback: options.hotStandbyFeedback ?? false,
      },
    });
  } catch (error) {
    await removeFolder(folder);
    await dropSlot(primary, slot);
    throw error;
  }

  return {
    server,
    application,
    untilStreaming: () =>
      waitUntil(primary, `${application} streams`, async () => {
        const [row] = await ask(
          primary,
          "select count(*)::int as n from pg_stat_replication where application_name = $1 and state = 'streaming'",
          [application],
        );
        return row?.["n"] === 1;
      }),
    async untilCaughtUp() {
      const [row] = await ask(primary, "select pg_current_wal_lsn()::text as lsn");
      await waitUntil(
        server,
        `${application} has replayed ${row?.["lsn"]}`,
        `select pg_last_wal_replay_lsn() >= '${row?.["lsn"]}'::pg_lsn`,
      );
    },
    async promote() {
      await ask(server, "select pg_promote(true, 60)");
      await waitUntil(server, `${application} is promoted`, "select not pg_is_in_recovery()");
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dropSlot(primary, slot);
    },
  };
}

async function backUp(primary: Cluster, to: string): Promise<void> {
  const [start, stop] =
    primary.major >= 15
      ? ["pg_backup_start('standby', fast => true)", "pg_backup_stop(wait_for_archive => false)"]
      : ["pg_start_backup('standby', fast => true, exclusive => false)", "pg_stop_backup(exclusive => false, wait_for_archive => false)"];
  // The backup ends with the session that began it.
  await using session = await openSession(primary, { application: "base backup" });
  await session.query(`select ${start}`);
  await makeOwned(to);
  for (const entry of await readdir(primary.dataDirectory)) {
    if (LEFT_OUT.test(entry)) continue;
    if (LEFT_EMPTY.includes(entry)) await makeOwned(join(to, entry));
    else await copyFolder(join(primary.dataDirectory, entry), join(to, entry), { mayChange: true });
  }
  const [stopped] = await session.query(`select labelfile from ${stop}`);
  await writeOwned(join(to, "backup_label"), String(stopped?.["labelfile"]));
  await writeOwned(join(to, "standby.signal"), "");
}

async function dropSlot(primary: Cluster, slot: string | undefined): Promise<void> {
  if (slot === undefined || primary.pid === null) return;
  const drop = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active";
  try {
    await waitUntil(primary, `slot ${slot} is dropped`, async () => {
      await ask(primary, drop, [slot]);
      return (await ask(primary, "select from pg_replication_slots where slot_name = $1", [slot])).length === 0;
    });
  } catch {
    // Somebody else streams from it, or the primary is going down: it was the incident's to keep.
  }
}

async function makeOwned(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  giveToAccount(folder);
}
