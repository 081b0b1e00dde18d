import path from "node:path";
import type { SandboxServer } from "../sandbox/server.ts";
import type { Peers } from "./peers.ts";
import { interleaved, type Timing, timed } from "./statistics.ts";
import { type Command, handshake, type StdioClient, startClient } from "./stdio-client.ts";

/** Our server, a bare one of the same SDK, and two peers: how soon each lists its tools, how fast each answers. */
const ROOT = path.resolve(import.meta.dirname, "..");

interface Contestant extends Command {
  /** A small read, as tools/call parameters. */
  readonly call: object;
}

function contestants(server: SandboxServer, { reference, toolbox }: Peers): Record<string, Contestant> {
  const url = server.url();
  const all: Record<string, Contestant> = {
    helpdesk: {
      command: process.execPath,
      args: [path.join(ROOT, "bin", "helpdesk.js"), "serve", "postgres", "--stdio"],
      env: { DATABASE_URL: url, XDG_STATE_HOME: path.join(server.dataDirectory, "..", "helpdesk-state") },
      call: { name: "pg_lock_tree", arguments: {} },
    },
    "bare SDK server": {
      command: process.execPath,
      args: [path.join(ROOT, "bench", "bare-server.ts")],
      env: { DATABASE_URL: url },
      call: { name: "query", arguments: {} },
    },
  };
  if (reference !== null) {
    all["@modelcontextprotocol/server-postgres"] = {
      command: process.execPath,
      args: [reference, url],
      env: {},
      call: { name: "query", arguments: { sql: "select 1" } },
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
      call: { name: "execute_sql", arguments: { sql: "select 1" } },
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
  const clients = new Map<string, { client: StdioClient; call: object }>();
  try {
    for (const [name, contestant] of Object.entries(contestants(server, peers))) {
      const client = startClient(contestant);
      clients.set(name, { client, call: contestant.call });
      await handshake(client);
      const { result, error } = await client.request("tools/call", contestant.call);
      if (error !== undefined || isError(result)) throw new Error(`${name}: ${JSON.stringify(error ?? result)}`);
    }
    const { default: pg } = await import("pg");
    const bare = new pg.Client({ connectionString: server.url() });
    await bare.connect();
    const runs = {
      "bare driver": () => timed(() => bare.query("select pid from pg_stat_activity where wait_event_type = 'Lock'")),
      ...Object.fromEntries([...clients].map(([name, { client, call }]) => [name, () => timed(() => client.request("tools/call", call))])),
    };
    for (let warm = 0; warm < 20; warm += 1) for (const run of Object.values(runs)) await run();
    const results = await interleaved(calls, runs);
    await bare.end();
    return results;
  } finally {
    for (const { client } of clients.values()) await client[Symbol.asyncDispose]();
  }
}

function isError(result: unknown): boolean {
  return typeof result === "object" && result !== null && "isError" in result && result.isError === true;
}
