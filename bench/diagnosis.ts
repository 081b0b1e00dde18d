import { readFileSync } from "node:fs";
import pg from "pg";
import { diagnose } from "../diagnosis/diagnose.ts";
import { inventoryOfUrl } from "../kernel/inventory.ts";
import { SILENT } from "../kernel/log.ts";
import type { SandboxServer } from "../sandbox/server.ts";
import { postgresServer } from "../servers/postgres/main.ts";

/** How long a whole diagnosis takes beyond its sampling time, and what it costs the database. */
export interface DiagnosisCost {
  readonly situation: string;
  readonly seconds: number;
  readonly beyondMs: number;
  /** User and system time of our backends; null where /proc is not to be had. */
  readonly backendCpuMs: number | null;
  readonly cause: string;
}

const SECONDS = 1;
const RUNS = 5;

export async function measureDiagnosis(
  server: SandboxServer,
  tables: number,
  say: (text: string) => void,
): Promise<readonly DiagnosisCost[]> {
  const quiet = await median("quiet database", server);
  const queued = await behindDdlQueue(server);
  say(`making ${tables} tables`);
  await makeTables(server, tables);
  const many = await median(`${tables} tables`, server, "many");
  return [quiet, queued, many];
}

async function median(situation: string, server: SandboxServer, database = "postgres"): Promise<DiagnosisCost> {
  const runs: DiagnosisCost[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await once(situation, server, database));
  const sorted = runs.toSorted((a, b) => a.beyondMs - b.beyondMs);
  const middle = sorted[Math.floor(RUNS / 2)];
  if (middle === undefined) throw new Error("nothing was measured");
  return middle;
}

async function once(situation: string, server: SandboxServer, database: string): Promise<DiagnosisCost> {
  const postgres = postgresServer(inventoryOfUrl(server.url({ database })), { env: {} }, SILENT);
  const call = { signal: AbortSignal.timeout(60_000), progress: () => undefined };
  try {
    const context = await postgres.open({ name: "default", environment: "test" }, call);
    await context.server();
    const begun = performance.now();
    const diagnosis = diagnose(await context.collect({ seconds: SECONDS }));
    const beyondMs = performance.now() - begun - SECONDS * 1000;
    return {
      situation,
      seconds: SECONDS,
      beyondMs,
      backendCpuMs: await ownCpuMs(server),
      cause: diagnosis.causes[0]?.id ?? `none (${diagnosis.verdict})`,
    };
  } finally {
    await postgres.close();
  }
}

/** proc(5), /proc/pid/stat: utime and stime are fields 14 and 15, in clock ticks of 10 ms. */
const TICK_MS = 10;

async function ownCpuMs(server: SandboxServer): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("select pid from pg_stat_activity where application_name = 'helpdesk'");
  await client.end();
  return rows.reduce((sum, { pid }) => {
    const afterName = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return sum + (Number(afterName[11]) + Number(afterName[12])) * TICK_MS;
  }, 0);
}

async function behindDdlQueue(server: SandboxServer): Promise<DiagnosisCost> {
  const connect = async (application: string) => {
    const client = new pg.Client({ connectionString: server.url({ application }) });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  const admin = await connect("setup");
  await admin.query("create table orders (id int primary key)");
  const reader = await connect("report");
  await reader.query("begin");
  await reader.query("select count(*) from orders");
  const migration = await connect("migration");
  const waits = [migration.query("alter table orders add column note text").catch(() => undefined)];
  const shops = await Promise.all(Array.from({ length: 5 }, () => connect("shop")));
  await new Promise((resolve) => setTimeout(resolve, 500));
  waits.push(...shops.map((shop) => shop.query("select * from orders").catch(() => undefined)));
  await new Promise((resolve) => setTimeout(resolve, 6000));
  try {
    return await median("behind a DDL queue", server);
  } finally {
    await reader.query("rollback");
    await Promise.all(waits);
    await admin.query("drop table orders");
    await Promise.all([admin, reader, migration, ...shops].map((client) => client.end()));
  }
}

/** Each with a primary key: two relations a table. In batches, for the lock table is finite. */
async function makeTables(server: SandboxServer, tables: number): Promise<void> {
  const admin = new pg.Client({ connectionString: server.url() });
  await admin.connect();
  await admin.query("create database many");
  await admin.end();
  const client = new pg.Client({ connectionString: server.url({ database: "many" }) });
  await client.connect();
  const batch = 500;
  for (let from = 0; from < tables; from += batch) {
    const names = Array.from(
      { length: Math.min(batch, tables - from) },
      (_, offset) => `create table t${from + offset} (id int primary key, note text)`,
    );
    await client.query(names.join("; "));
  }
  await client.query("insert into t1 select n, 'x' from generate_series(1, 100000) n");
  await client.query("analyze t1");
  await client.end();
}
