import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { type ClientRequest, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, it } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { type Fixture, fixtureServer } from "../test/kernel-fixture.ts";
import { openApprovals } from "./approval.ts";
import { openAudit } from "./audit.ts";
import { verifyAudit } from "./audit-trail.ts";
import { bearerTokens, loadBearerTokens } from "./bearer-tokens.ts";
import { createRoad } from "./invoke.ts";
import { SILENT } from "./log.ts";
import { ASK_FOR_EVERYTHING, type Policy } from "./policy.ts";
import { ERROR_META } from "./serve.ts";
import { type HttpOptions, type HttpService, serveHttp } from "./serve-http.ts";

const ALICE = "alice-token-0123456789";
const BOB = "bob-token-0123456789";
const TOKENS = bearerTokens([
  ["alice", ALICE],
  ["bob", BOB],
]);

interface Running {
  readonly service: HttpService;
  readonly server: Fixture;
  readonly dir: string;
}

const running: Running[] = [];
afterEach(async () => {
  for (const { service, dir } of running.splice(0)) {
    await service.close();
    await rm(dir, { recursive: true, force: true });
  }
});

async function start(options: Partial<HttpOptions> = {}, policy: Policy = ASK_FOR_EVERYTHING): Promise<Running> {
  const dir = await mkdtemp(path.join(tmpdir(), "kernel-http-"));
  const server = fixtureServer();
  const road = createRoad({
    policy,
    audit: openAudit({ dir: path.join(dir, "audit"), operator: "tester", log: SILENT }),
    approvals: openApprovals({ dir: path.join(dir, "approvals") }),
    log: SILENT,
  });
  const service = await serveHttp(server, road, { version: "0.0.0", port: 0, operator: "tester", ...options });
  const one = { service, server, dir };
  running.push(one);
  return one;
}

async function connect({ service }: Running, token?: string, agrees?: boolean) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const transport = new StreamableHTTPClientTransport(new URL(service.url), { requestInit: { headers } });
  const client = new Client({ name: "test", version: "1" }, { capabilities: agrees === undefined ? {} : { elicitation: {} } });
  if (agrees !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { agree: agrees } }));
  }
  // The SDK's own class does not fit its own interface under exactOptionalPropertyTypes.
  const carrier: unknown = transport;
  await client.connect(Object(carrier));
  const call = (name: string, args: Record<string, unknown> = { target: "kitchen" }) => client.callTool({ name, arguments: args });
  return { client, call, sessionId: transport.sessionId ?? "", [Symbol.asyncDispose]: () => client.close() };
}

interface Raw {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Below fetch, which would not let us lie about Host and Origin. */
function raw({ service }: Running, { method = "POST", path: at = "/mcp", headers = {}, body }: Raw) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string; headers: Record<string, unknown> }>();
  const sent = request(
    {
      host: "127.0.0.1",
      port: service.port,
      method,
      path: at,
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    },
    (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    },
  );
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

/** Resolves when the server has begun to answer. */
function stream({ service }: Running, headers: Record<string, string>): Promise<ClientRequest> {
  return new Promise((resolve) => {
    const accept = { accept: "text/event-stream", ...headers };
    const sent = request({ host: "127.0.0.1", port: service.port, path: "/mcp", headers: accept, agent: false }, (response) => {
      response.on("error", () => {});
      resolve(sent);
    });
    sent.on("error", () => {});
    sent.end();
  });
}

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "1" } },
});
const LIST = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/list" });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("MCP over HTTP", () => {
  it("serves the SDK's client: list, call, progress, errors, a plan approved by a form", async () => {
    const one = await start();
    await using alice = await connect(one, undefined, true);
    const { tools } = await alice.client.listTools();
    assert.ok(tools.some(({ name }) => name === "lamp_switch"));
    assert.deepEqual((await alice.call("lamp_state"))["structuredContent"], {
      isOn: false,
      brightness: 0,
      unit: "watt",
      target: "kitchen",
    });
    const seen: number[] = [];
    await alice.client.callTool({ name: "lamp_slow", arguments: { target: "kitchen", seconds: 0.2 } }, undefined, {
      onprogress: ({ progress }) => seen.push(progress),
    });
    assert.ok(seen.length >= 2);
    const switched = await alice.call("lamp_switch", { target: "kitchen", on: true });
    assert.equal(Reflect.get(Object(switched["structuredContent"]), "approvedBy"), "tester (elicitation)");
    const error = Reflect.get(Object((await alice.call("lamp_state", { target: "attic" }))["_meta"]), ERROR_META);
    assert.equal(Reflect.get(Object(error), "code"), "UNKNOWN_TARGET");
  });

  it("answers others while one call hangs, and stops a call that is withdrawn", async () => {
    const one = await start();
    await using alice = await connect(one);
    const controller = new AbortController();
    const hanging = alice.client.callTool({ name: "lamp_slow", arguments: { target: "kitchen", seconds: 40 } }, undefined, {
      signal: controller.signal,
    });
    for (let n = 0; n < 5; n++) assert.equal((await alice.call("lamp_state"))["isError"], undefined);
    controller.abort(new Error("enough"));
    await assert.rejects(hanging, /enough/);
    assert.equal((await alice.call("lamp_state"))["isError"], undefined);
  });

  it("knows its callers apart: policy and audit trail name the bearer", async () => {
    const policy: Policy = {
      version: 1,
      rules: [{ name: "alice may", effects: ["write"], callers: ["alice"], decision: "allow", unattended: false }],
    };
    const one = await start({ tokens: TOKENS }, policy);
    await using alice = await connect(one, ALICE);
    await using bob = await connect(one, BOB);
    const names = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);
    assert.ok((await names(alice.client)).includes("lamp_switch"));
    assert.ok(!(await names(bob.client)).includes("lamp_switch"));
    assert.equal((await alice.call("lamp_switch", { target: "kitchen", on: true }))["isError"], undefined);
    assert.equal((await bob.call("lamp_switch", { target: "kitchen", on: false }))["isError"], true);
    assert.equal(one.server.lamps.get("kitchen")?.isOn, true);
  });
});

describe("who gets past the HTTP door", () => {
  it("nobody without a bearer token, or with a wrong one, and nothing is said of the right ones", async () => {
    const one = await start({ tokens: TOKENS });
    for (const headers of [{}, bearer("wrong-token-0123456789"), { authorization: "Basic YTpi" }, bearer(`${ALICE}x`)]) {
      for (const at of ["/mcp", "/metrics"]) {
        const answer = await raw(one, { path: at, method: at === "/mcp" ? "POST" : "GET", headers, body: at === "/mcp" ? INITIALIZE : "" });
        assert.equal(answer.status, 401);
        assert.match(String(answer.headers["www-authenticate"]), /^Bearer/);
        assert.ok(!answer.text.includes(ALICE));
      }
    }
  });

  it("not another bearer with a stolen session id, for whatever method", async () => {
    const one = await start({ tokens: TOKENS });
    await using alice = await connect(one, ALICE);
    const stolen = { "mcp-session-id": alice.sessionId };
    assert.notEqual(alice.sessionId, "");
    for (const method of ["POST", "GET", "DELETE"]) {
      const answer = await raw(one, { method, headers: { ...bearer(BOB), ...stolen }, ...(method === "POST" && { body: LIST }) });
      assert.equal(answer.status, 404, method);
    }
    assert.equal((await raw(one, { headers: stolen, body: LIST })).status, 401);
    assert.equal((await raw(one, { headers: { ...bearer(ALICE), ...stolen }, body: LIST })).status, 200);
    assert.equal((await alice.call("lamp_state"))["isError"], undefined);
  });

  it("no web page of another origin, and no other name for loopback", async () => {
    const one = await start({ allowedOrigins: ["https://helpdesk.example.com"] });
    const here = `127.0.0.1:${one.service.port}`;
    const cases: [Record<string, string>, number][] = [
      [{ origin: "https://evil.example.com" }, 403],
      [{ origin: "null" }, 403],
      [{ origin: "http://127.0.0.1:1" }, 403],
      [{ host: "evil.example.com" }, 403],
      [{ host: `evil.example.com:${one.service.port}` }, 403],
      [{ host: "127.0.0.1.evil.example.com" }, 403],
      [{ host: "evil.example.com", origin: "http://evil.example.com" }, 403],
      [{ host: `localhost:${one.service.port}` }, 200],
      [{ host: here, origin: `http://${here}` }, 200],
      [{ origin: "https://helpdesk.example.com" }, 200],
      [{}, 200],
    ];
    for (const [headers, status] of cases) {
      assert.equal((await raw(one, { headers, body: INITIALIZE })).status, status, JSON.stringify(headers));
    }
  });

  it("loopback only, unless there are tokens", async () => {
    await assert.rejects(start({ host: "0.0.0.0" }), {
      code: "INVALID_CONFIGURATION",
      message: /Without bearer tokens only loopback is served/,
    });
    const open = await start({ host: "0.0.0.0", tokens: TOKENS });
    assert.equal((await raw(open, { headers: { ...bearer(ALICE), host: "helpdesk.internal" }, body: INITIALIZE })).status, 200);
  });

  it("tokens come from the environment and from a file, and weak or garbled ones are refused without being shown", async () => {
    const { dir } = await start();
    const { chmod, writeFile } = await import("node:fs/promises");
    const file = path.join(dir, "tokens");
    await writeFile(file, `# people\nalice ${ALICE}\n\nbob\t${BOB}\n`);
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    await chmod(file, 0o640);
    const tokens = await loadBearerTokens({ env: { HELPDESK_HTTP_TOKEN: "operator-token-0123" }, file, warn });
    assert.match(warnings.join(), /tokens: the bearer tokens in it can be read by others/);
    await chmod(file, 0o600);
    await loadBearerTokens({ env: {}, file, warn });
    assert.equal(warnings.length, 1);
    assert.equal(tokens.count, 3);
    assert.equal(tokens.subjectOf(BOB), "bob");
    assert.equal(tokens.subjectOf("operator-token-0123"), "operator");
    assert.equal(tokens.subjectOf(""), undefined);
    await assert.rejects(
      loadBearerTokens({ env: { HELPDESK_HTTP_TOKEN: "short" }, warn }),
      (error: Error) => !error.message.includes("short "),
    );
    await writeFile(file, `alice\n`);
    await assert.rejects(loadBearerTokens({ env: {}, file, warn }), { message: /tokens:1: expected a subject and a token/ });
    await assert.rejects(loadBearerTokens({ env: {}, file: `${file}.none`, warn }), { code: "INVALID_CONFIGURATION" });
    for (const empty of ["", "# nobody yet\n\n"]) {
      await writeFile(file, empty);
      await assert.rejects(loadBearerTokens({ env: {}, file, warn }), { message: /there is no bearer token in it/ });
    }
  });
});

describe("how much the HTTP door lets in", () => {
  it("refuses a body that is too large, announced or not, without a stack trace, and stays up", async () => {
    const one = await start({ limits: { bodyBytes: 2_000 } });
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: { x: "y".repeat(50_000) } });
    for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
      const answer = await raw(one, { headers, body });
      assert.equal(answer.status, 413);
      assert.doesNotMatch(answer.text, /:\d+:\d+|node:|\.ts/);
    }
    assert.equal((await raw(one, { body: INITIALIZE })).status, 200);
  });

  it("refuses too many requests, from one bearer without harm to the other", async () => {
    const one = await start({ tokens: TOKENS, limits: { requestsPerSecond: 0.001, burst: 3 } });
    const statuses = [];
    for (let n = 0; n < 5; n++) statuses.push((await raw(one, { headers: bearer(ALICE), body: INITIALIZE })).status);
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
    assert.equal((await raw(one, { headers: bearer(BOB), body: INITIALIZE })).status, 200);
    const guesses = [];
    for (let n = 0; n < 5; n++) guesses.push((await raw(one, { headers: bearer(`guess-${n}-0123456789`), body: INITIALIZE })).status);
    assert.deepEqual(guesses, [401, 401, 401, 429, 429]);
  });

  it("refuses too many unanswered requests of one caller", async () => {
    const one = await start({ limits: { concurrentRequests: 2 } });
    await using alice = await connect(one);
    const slow = () => alice.call("lamp_slow", { target: "kitchen", seconds: 0.6 });
    const settled = await Promise.allSettled([slow(), slow(), slow()]);
    assert.deepEqual(settled.map(({ status }) => status).toSorted(), ["fulfilled", "fulfilled", "rejected"]);
  });

  it("counts a request from its first byte, so that slow bodies are not too many either", async () => {
    const one = await start({ limits: { concurrentRequests: 2 } });
    const slow = Array.from({ length: 2 }, () => {
      const headers = { "content-type": "application/json", "content-length": 100 };
      const sent = request({ host: "127.0.0.1", port: one.service.port, method: "POST", path: "/mcp", headers });
      sent.on("error", () => {});
      sent.write("{");
      return sent;
    });
    const until = async (isIt: (answer: Awaited<ReturnType<typeof raw>>) => boolean) => {
      for (let n = 0; n < 90; n++) if (isIt(await raw(one, { body: INITIALIZE }))) return true;
      return false;
    };
    assert.ok(await until(({ text }) => text.includes("at once")));
    for (const sent of slow) sent.destroy();
    assert.ok(await until(({ status }) => status === 200));
  });

  it("ends the caller's oldest idle session for a new one, and idle sessions after a while", async () => {
    const one = await start({ limits: { sessions: 2 } });
    const [first, second] = [await connect(one), await connect(one)];
    await first.client.close();
    await using third = await connect(one);
    assert.equal((await third.call("lamp_state"))["isError"], undefined);
    assert.equal((await raw(one, { headers: { "mcp-session-id": first.sessionId }, body: LIST })).status, 404);
    await second.client.close();

    const brief = await start({ limits: { idleSessionSeconds: 0.1 } });
    const idle = await connect(brief);
    await idle.client.close();
    const answers = [];
    for (let n = 0; n < 40 && answers.at(-1) !== 404; n++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      answers.push((await raw(brief, { headers: { "mcp-session-id": idle.sessionId }, body: LIST })).status);
    }
    assert.equal(answers.at(-1), 404);
  });

  it("gives everybody room, though another caller holds all sessions, idle or as streams", async () => {
    for (const isStreaming of [false, true]) {
      const one = await start({ tokens: TOKENS, limits: { sessions: 4 } });
      const streams: ClientRequest[] = [];
      for (let n = 0; n < 4; n++) {
        const { headers } = await raw(one, { headers: bearer(ALICE), body: INITIALIZE });
        const id = String(headers["mcp-session-id"]);
        if (isStreaming) streams.push(await stream(one, { ...bearer(ALICE), "mcp-session-id": id }));
      }
      const statuses = [];
      for (let n = 0; n < 2; n++) statuses.push((await raw(one, { headers: bearer(BOB), body: INITIALIZE })).status);
      assert.deepEqual(statuses, [200, 200], `streaming: ${isStreaming}`);
      for (const sent of streams) sent.destroy();
    }
  });

  it("answers nonsense with 4xx in JSON-RPC's shape", async () => {
    const one = await start();
    const cases: [Raw, number][] = [
      [{ body: "not json" }, 400],
      [{ body: LIST }, 400],
      [{ body: "[]" }, 400],
      [{ body: LIST, headers: { "mcp-session-id": "no-such-session" } }, 404],
      [{ body: INITIALIZE, headers: { accept: "text/html" } }, 406],
      [{ body: INITIALIZE, headers: { "content-type": "text/plain" } }, 415],
      [{ method: "GET" }, 400],
      [{ method: "PUT", body: INITIALIZE }, 405],
      [{ method: "OPTIONS" }, 405],
      [{ method: "GET", path: "/" }, 404],
      [{ method: "GET", path: "//" }, 404],
    ];
    for (const [sent, status] of cases) {
      const answer = await raw(one, sent);
      assert.equal(answer.status, status, JSON.stringify(sent));
      assert.equal(typeof JSON.parse(answer.text).error.code, "number");
      assert.doesNotMatch(answer.text, /:\d+:\d+|node:|\.ts/);
    }
  });
});

describe("what operators see over HTTP", () => {
  it("healthz needs nothing, metrics count calls by tool and outcome in OpenMetrics", async () => {
    const one = await start({ tokens: TOKENS });
    await using alice = await connect(one, ALICE);
    await alice.call("lamp_state");
    await alice.call("lamp_state", { target: "attic" });
    await alice.call("made_up_by_a_model");
    const health = await raw(one, { method: "GET", path: "/healthz", headers: { host: "10.0.0.1" } });
    assert.deepEqual([health.status, health.text], [200, '{"status":"ok"}\n']);
    const metrics = await raw(one, { method: "GET", path: "/metrics", headers: bearer(ALICE) });
    assert.equal(metrics.status, 200);
    assert.match(String(metrics.headers["content-type"]), /^application\/openmetrics-text/);
    assert.match(metrics.text, /^aihelpdesk_tool_calls_total\{tool="lamp_state",outcome="ok"\} 1$/m);
    assert.match(metrics.text, /^aihelpdesk_tool_calls_total\{tool="lamp_state",outcome="UNKNOWN_TARGET"\} 1$/m);
    assert.match(metrics.text, /^aihelpdesk_tool_calls_total\{tool="unknown",outcome="UNKNOWN_TOOL"\} 1$/m);
    assert.match(metrics.text, /^aihelpdesk_tool_call_duration_seconds_count\{tool="lamp_state"\} 2$/m);
    assert.match(metrics.text, /^aihelpdesk_sessions 1$/m);
    assert.match(metrics.text, /# EOF\n$/);
  });

  it("a stop answers what runs, closes the targets and seals the audit trail", async () => {
    const one = await start();
    const alice = await connect(one);
    const slow = alice.call("lamp_slow", { target: "kitchen", seconds: 0.4 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = one.service.close();
    assert.deepEqual((await slow)["structuredContent"], { waited: 0.4 });
    await stopped;
    running.splice(running.indexOf(one), 1);
    assert.equal(one.server.state.closed, 1);
    const verdict = await verifyAudit(path.join(one.dir, "audit"));
    assert.deepEqual([verdict.isWhole, verdict.chains.map(({ state }) => state)], [true, ["sealed"]]);
    await assert.rejects(raw(one, { body: INITIALIZE }), { code: "ECONNREFUSED" });
    await rm(one.dir, { recursive: true, force: true });
  });

  it("says so when the port is taken", async () => {
    const one = await start();
    await assert.rejects(start({ port: one.service.port }), { code: "INVALID_CONFIGURATION", message: /EADDRINUSE/ });
  });
});
