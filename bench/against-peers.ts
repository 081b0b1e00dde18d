import { rmSync } from "node:fs";
import path from "node:path";
import type { SandboxServer } from "../sandbox/server.ts";
import { selectLockTable } from "../servers/postgres/queries/locks.ts";
import { makeSql } from "../servers/postgres/sql.ts";
import type { Peers } from "./peers.ts";
import { interleaved, type Timing, timed } from "./statistics.ts";
import { type Command, handshake, type StdioClient, startClient } from "./stdio-client.ts";

/** Our server, a bare one of the same SDK, and two peers: how soon each lists its tools, how fast each answers. */
const ROOT = path.resolve(import.meta.dirname, "..");

interface Contestant extends Command {
  /** Small reads, as tools/call parameters, by what they are called in the table. */
  readonly calls: Readonly<Record<string, object>>;
  /** Before each start. */
  readonly prepare?: () => void;
}

function contestants(server: SandboxServer, { reference, toolbox }: Peers): Record<string, Contestant> {
  const url = server.url();
  const state = path.join(server.dataDirectory, "..", "helpdesk-state");
  const forgetful = path.join(state, "forgotten");
  const all: Record<string, Contestant> = {
    helpdesk: {
      command: process.execPath,
      args: [path.join(ROOT, "bin", "helpdesk.js"), "serve", "postgres", "--stdio"],
      env: { DATABASE_URL: url, XDG_STATE_HOME: state, XDG_CACHE_HOME: path.join(state, "cache") },
      calls: { "helpdesk, pg_lock_tree": { name: "pg_lock_tree", arguments: {} } },
    },
    "helpdesk, nothing remembered": {
      command: process.execPath,
      args: [path.join(ROOT, "bin", "helpdesk.js"), "serve", "postgres", "--stdio"],
      env: { DATABASE_URL: url, XDG_STATE_HOME: state, XDG_CACHE_HOME: forgetful, NODE_COMPILE_CACHE: path.join(state, "compiled") },
      calls: {},
      prepare: () => rmSync(forgetful, { recursive: true, force: true }),
    },
    "bare SDK server": {
      command: process.execPath,
      args: [path.join(ROOT, "bench", "bare-server.ts")],
      env: { DATABASE_URL: url },
      calls: { "bare SDK server, select 1": { name: "query", arguments: {} } },
    },
  };
  if (reference !== null) {
    all["@modelcontextprotocol/server-postgres"] = {
      command: process.execPath,
      args: [reference, url],
      env: {},
      calls: { "@modelcontextprotocol/server-postgres, select 1": { name: "query", arguments: { sql: "select 1" } } },
    };
  }
  if (toolbox !== null) {
    all["@toolbox-sdk/server (Go)"] = {
      command: toolbox,
      args: ["--prebuilt", "postgres", "--stdio"],
      env: {
        POSTGRES_HOST: server.host,
        POSTGRES_PORT: String(server.port),
        POSTGRES_DATABASE: "postgres",
        POSTGRES_USER: "postgres",
        POSTGRES_PASSWORD: "unused",
      },
      calls: {
        "@toolbox-sdk/server (Go), select 1": { name: "execute_sql", arguments: { sql: "select 1" } },
        "@toolbox-sdk/server (Go), list_locks": { name: "list_locks", arguments: {} },
      },
    };
  }
  return all;
}

export async function measureStarts(server: SandboxServer, peers: Peers, rounds: number): Promise<Record<string, Timing>> {
  const runs = Object.entries(contestants(server, peers)).map(
    ([name, contestant]) =>
      [
        name,
        async () => {
          contestant.prepare?.();
          const begun = performance.now();
          await using client = startClient(contestant);
          await handshake(client);
          return performance.now() - begun;
        },
      ] as const,
  );
  // Once each before it counts: files in the page cache, compile caches filled.
  for (const [, run] of runs) await run();
  return interleaved(rounds, Object.fromEntries(runs));
}

export async function measureCalls(server: SandboxServer, peers: Peers, calls: number): Promise<Record<string, Timing>> {
  const clients: StdioClient[] = [];
  const runs: Record<string, () => Promise<number>> = {};
  const { default: pg } = await import("pg");
  const bare = new pg.Client({ connectionString: server.url() });
  await bare.connect();
  const sql = makeSql(async ({ text, values }) => (await bare.query(text, [...values])).rows);
  runs["bare driver, select 1"] = () => timed(() => bare.query("select 1"));
  runs["bare driver, what pg_lock_tree asks"] = () => timed(() => selectLockTable(sql, []));
  try {
    for (const [name, contestant] of Object.entries(contestants(server, peers))) {
      if (Object.keys(contestant.calls).length === 0) continue;
      const client = startClient(contestant);
      clients.push(client);
      await handshake(client);
      for (const [title, call] of Object.entries(contestant.calls)) {
        const { result, error } = await client.request("tools/call", call);
        if (error !== undefined || isError(result)) throw new Error(`${name}: ${JSON.stringify(error ?? result)}`);
        runs[title] = () => timed(() => client.request("tools/call", call));
      }
    }
    for (let warm = 0; warm < 20; warm += 1) for (const run of Object.values(runs)) await run();
    return await interleaved(calls, runs);
  } finally {
    await bare.end();
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
}

function isError(result: unknown): boolean {
  return typeof result === "object" && result !== null && "isError" in result && result.isError === true;
}
