import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { stringify } from "yaml";
import { Diagnosis } from "../../diagnosis/diagnosis.ts";
import { SnapshotSchema } from "../../diagnosis/evidence.ts";
import { ERROR_META } from "../../kernel/serve.ts";
import { type SandboxServer, startSandbox } from "../../sandbox/server.ts";
import { ask, type Row, sessionsOn } from "../../sandbox/sessions.ts";
import { assertGolden } from "../../test/golden.ts";

const LAUNCHER = path.resolve(import.meta.dirname, "..", "..", "bin", "helpdesk.js");

/** The whole server as a host starts it: a process of its own, the SDK's client, a real PostgreSQL. */
describe("the PostgreSQL server over stdio", () => {
  let server: SandboxServer;
  let folder: string;
  const silent = createServer(() => undefined);

  before(async () => {
    server = await startSandbox({});
    folder = await mkdtemp(path.join(tmpdir(), "helpdesk-main-"));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    assert.ok(typeof address === "object" && address !== null);
    const inventory = {
      databases: {
        shop: { url: server.url(), environment: "test" },
        hung: { url: `postgres://postgres@127.0.0.1:${address.port}/postgres?sslmode=disable&connect_timeout=60`, environment: "test" },
        down: { url: "postgres://postgres:s3cret-canary@127.0.0.1:1/postgres", environment: "test" },
      },
    };
    await writeFile(path.join(folder, "helpdesk.yaml"), stringify(inventory));
  });
  after(async () => {
    silent.close();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (): Promise<{ client: Client; pid: number } & AsyncDisposable> => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [LAUNCHER, "serve", "postgres", "--stdio", "--inventory", path.join(folder, "helpdesk.yaml")],
      env: { ...pathOnly(), XDG_STATE_HOME: path.join(folder, "state"), XDG_CACHE_HOME: path.join(folder, "cache"), HELPDESK_SOURCE: "1" },
      stderr: "ignore",
    });
    const client = new Client({ name: "test", version: "0" });
    await client.connect(transport);
    return { client, pid: transport.pid ?? 0, [Symbol.asyncDispose]: () => client.close() };
  };

  const errorOf = (result: Awaited<ReturnType<Client["callTool"]>>) => {
    assert.equal(result.isError, true, JSON.stringify(result));
    const error = result._meta?.[ERROR_META];
    assert.ok(
      typeof error === "object" && error !== null && "code" in error && "message" in error && "hint" in error,
      JSON.stringify(result),
    );
    return { code: String(error.code), message: String(error.message), hint: String(error.hint) };
  };

  it("lists read tools only, within what a host should pay for them", async () => {
    await using host = await start();
    const { tools } = await host.client.listTools();
    await assertGolden("tools-list.json", `${JSON.stringify(tools, null, 2)}\n`);
    assert.ok(tools.length <= 14);
    assert.ok(tools.every(({ annotations }) => annotations?.readOnlyHint === true));
    // Four characters a token, as everybody counts before they know the tokeniser.
    assert.ok(JSON.stringify({ tools }).length / 4 < 5000);
  });

  it("diagnoses, with the public JSON beside the text", async () => {
    await using host = await start();
    const progress: string[] = [];
    const result = await host.client.callTool({ name: "pg_diagnose", arguments: { target: "shop", seconds: 0.3 } }, undefined, {
      onprogress: ({ message }) => void progress.push(message ?? ""),
    });
    const diagnosis = Diagnosis.parse(result.structuredContent);
    assert.equal(diagnosis.verdict, "healthy", JSON.stringify(diagnosis.findings));
    // The extension is preloaded and was not created.
    assert.deepEqual(
      diagnosis.looked.flatMap(({ evidence, outcome }) => (outcome === "unseen" ? [evidence] : [])),
      ["pg.statements"],
    );
    assert.ok(progress.length > 5);
    const snapshot = await host.client.callTool({
      name: "pg_collect_evidence",
      arguments: { target: "shop", only: ["pg.slots"], seconds: 0.2 },
    });
    assert.deepEqual(Object.keys(SnapshotSchema.parse(snapshot.structuredContent).evidence), ["pg.slots"]);
  });

  it("takes a server that cannot be reached for a diagnosis, and prints no password", async () => {
    await using host = await start();
    const result = await host.client.callTool({ name: "pg_diagnose", arguments: { target: "down", seconds: 0.2 } });
    const diagnosis = Diagnosis.parse(result.structuredContent);
    assert.equal(diagnosis.causes[0]?.id, "server-down");
    const error = await host.client.callTool({ name: "pg_sessions", arguments: { target: "down" } });
    assert.equal(errorOf(error).code, "UNREACHABLE");
    assert.doesNotMatch(JSON.stringify([result, error]), /s3cret-canary/);
  });

  it("answers bad input with a code, one clear line and what to do", async () => {
    await using host = await start();
    const call = async (name: string, args: Record<string, unknown>) => errorOf(await host.client.callTool({ name, arguments: args }));
    const unknown = await call("pg_sessions", { target: "shpo" });
    assert.equal(unknown.code, "UNKNOWN_TARGET");
    assert.match(unknown.message, /shop/);
    assert.equal((await call("pg_sessions", {})).code, "INVALID_ARGUMENT");
    assert.match((await call("pg_sessions", { target: "shop", limt: 3 })).message, /limt/);
    assert.match((await call("pg_sessions", { target: "shop", limit: "many" })).message, /limit/);
    assert.equal((await call("pg_sesions", { target: "shop" })).code, "UNKNOWN_TOOL");
  });

  it("decides by policy what is called, not by what is listed", async () => {
    await using host = await start();
    await using sessions = sessionsOn(server);
    const { pid } = await sessions.open({ application: "victim" });
    const [found] = await ask(
      server,
      "select to_char(backend_start at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as started from pg_stat_activity where application_name = 'victim'",
    );
    const result = await host.client.callTool({
      name: "pg_terminate_session",
      arguments: { target: "shop", pid, backendStart: String(found?.["started"]) },
    });
    assert.equal(errorOf(result).code, "DENIED");
    const alive = await ask(server, "select 1 from pg_stat_activity where application_name = 'victim'");
    assert.equal(alive.length, 1);
  });

  it("gives up on a database that accepts and never answers, while other calls go on", async () => {
    await using host = await start();
    const order: string[] = [];
    const hung = host.client.callTool({ name: "pg_sessions", arguments: { target: "hung" } }).then((result) => {
      order.push("hung");
      return errorOf(result);
    });
    for (let call = 0; call < 20; call += 1) {
      const result = await host.client.callTool({ name: "pg_sessions", arguments: { target: "shop" } });
      assert.notEqual(result.isError, true, JSON.stringify(result));
      order.push("shop");
    }
    assert.match((await hung).code, /TIMED_OUT|UNREACHABLE/);
    assert.equal(order.at(-1), "hung");
  });

  it("leaves no backend behind, neither when the client withdraws nor when the server is killed", async () => {
    const ours = () => ask(server, "select state from pg_stat_activity where application_name = 'helpdesk'");
    const until = async (what: string, isTrue: (rows: readonly Row[]) => boolean) => {
      for (let tries = 0; tries < 200; tries += 1) {
        if (isTrue(await ours())) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.fail(`${what}: ${JSON.stringify(await ours())}`);
    };
    await using host = await start();
    const withdrawn = new AbortController();
    const long = host.client.callTool({ name: "pg_wait_events", arguments: { target: "shop", seconds: 30 } }, undefined, {
      signal: withdrawn.signal,
    });
    await until("the call never reached the server", (rows) => rows.length > 0);
    withdrawn.abort("enough");
    await assert.rejects(long);
    await until("a statement still runs", (rows) => rows.every((row) => row["state"] !== "active"));
    await host.client.callTool({ name: "pg_sessions", arguments: { target: "shop" } });
    process.kill(host.pid, "SIGKILL");
    await until("backends of a killed server stay", (rows) => rows.length === 0);
  });
});

function pathOnly(): Record<string, string> {
  const { PATH = "", HOME = "" } = process.env;
  return { PATH, HOME };
}
