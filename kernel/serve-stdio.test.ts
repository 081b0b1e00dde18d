import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema, LATEST_PROTOCOL_VERSION, SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { SECRET } from "../test/kernel-fixture.ts";
import { verifyAudit } from "./audit-trail.ts";
import { PROTOCOL_VERSIONS } from "./hello.ts";
import { ERROR_META, TEXT_BUDGET_BYTES } from "./serve.ts";

const SERVER = path.join(import.meta.dirname, "..", "test", "kernel-stdio.ts");

let state = "";
before(async () => {
  state = await mkdtemp(path.join(tmpdir(), "kernel-stdio-"));
});
after(() => rm(state, { recursive: true, force: true }));

type Elicit = (message: string) => { action: "accept" | "decline" | "cancel"; content?: Record<string, boolean> };

async function connect(words: readonly string[] = [], elicit?: Elicit) {
  const transport = new StdioClientTransport({ command: process.execPath, args: [SERVER, state, ...words], stderr: "pipe" });
  const client = new Client({ name: "test", version: "1" }, { capabilities: elicit === undefined ? {} : { elicitation: { form: {} } } });
  const asked: string[] = [];
  if (elicit !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params.message);
      return elicit(params.message);
    });
  }
  const broken: Error[] = [];
  client.onerror = (error) => broken.push(error);
  let stderr = "";
  transport.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  await client.connect(transport);
  const call = (name: string, args: Record<string, unknown> = { target: "kitchen" }, signal?: AbortSignal) =>
    client.callTool({ name, arguments: args }, undefined, signal === undefined ? {} : { signal });
  return { client, call, asked, broken, stderr: () => stderr, [Symbol.asyncDispose]: () => client.close() };
}

function textOf(result: Awaited<ReturnType<Client["callTool"]>>): string {
  const content: unknown = result["content"];
  assert.ok(Array.isArray(content));
  return content.map((one) => String(Reflect.get(one, "text"))).join("\n");
}

function errorOf(result: Awaited<ReturnType<Client["callTool"]>>): Record<string, unknown> {
  assert.equal(result["isError"], true, JSON.stringify(result));
  const meta: unknown = result["_meta"];
  return { ...Object(Reflect.get(Object(meta), ERROR_META)) };
}

describe("tools/list over stdio", () => {
  it("lists what may be used, with hints, strict inputs and outputs", async () => {
    await using server = await connect();
    const { tools } = await server.client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ["lamp_state", "lamp_slow", "lamp_deaf", "lamp_broken", "lamp_large"],
    );
    const [state] = tools;
    assert.deepEqual(state?.annotations, {
      title: "Read the lamp",
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    });
    assert.deepEqual(state?.inputSchema, {
      type: "object",
      properties: {
        unit: { type: "string", enum: ["watt", "lumen"], default: "watt", description: "Of the brightness" },
        least: { type: "integer", minimum: 0 },
        target: { type: "string", enum: ["kitchen", "cellar"], description: "A name from the inventory" },
      },
      required: ["target"],
      additionalProperties: false,
    });
    assert.deepEqual(Object.keys(state?.outputSchema?.properties ?? {}), ["isOn", "brightness", "unit", "target"]);
    assert.equal(server.client.getServerVersion()?.name, "aihelpdesk-lamps");
    assert.equal(server.client.getInstructions(), "Lamps, for tests.");
  });

  it("lists programs' tools and changes only where asked for and allowed", async () => {
    await using server = await connect(["ask", "programs"]);
    const { tools } = await server.client.listTools();
    const effects = new Map(tools.map(({ name, annotations }) => [name, annotations]));
    assert.ok(effects.has("lamp_raw"));
    assert.equal(effects.get("lamp_switch")?.destructiveHint, false);
    assert.equal(effects.get("lamp_switch")?.readOnlyHint, false);
    assert.equal(effects.get("lamp_smash")?.destructiveHint, true);
  });

  it("speaks the versions that the SDK speaks", () => {
    assert.deepEqual([...PROTOCOL_VERSIONS], SUPPORTED_PROTOCOL_VERSIONS);
    assert.equal(PROTOCOL_VERSIONS[0], LATEST_PROTOCOL_VERSION);
  });
});

describe("tools/call over stdio", () => {
  it("answers with structured content and text", async () => {
    await using server = await connect();
    await server.client.listTools();
    const result = await server.call("lamp_state", { target: "cellar", unit: "lumen" });
    assert.deepEqual(result["structuredContent"], { isOn: false, brightness: 0, unit: "lumen", target: "cellar" });
    assert.equal(textOf(result), "The lamp is off, 0 lumen");
  });

  it("calls a program's tool that it does not list", async () => {
    await using server = await connect();
    assert.equal((await server.call("lamp_raw"))["isError"], undefined);
  });

  it("refuses what does not fit with code, hint and the name that was meant, and says so to a client that knows the output schema", async () => {
    await using server = await connect();
    await server.client.listTools();
    const cases: [string, Record<string, unknown>, string, RegExp][] = [
      ["lamp_stat", { target: "kitchen" }, "UNKNOWN_TOOL", /lamp_state/],
      ["lamp_state", { target: "kitchn" }, "UNKNOWN_TARGET", /Did you mean kitchen/],
      ["lamp_state", { target: 7 }, "INVALID_ARGUMENT", /target: expected the name/],
      ["lamp_state", {}, "INVALID_ARGUMENT", /target: expected one of kitchen, cellar/],
      ["lamp_state", { target: "kitchen", units: "watt" }, "INVALID_ARGUMENT", /unknown key "units".*Did you mean unit\?/],
      ["lamp_state", { target: "kitchen", unit: "volt" }, "INVALID_ARGUMENT", /unit: expected one of watt, lumen/],
      ["lamp_state", { target: "kitchen", least: -1 }, "INVALID_ARGUMENT", /least/],
      ["lamp_state", JSON.parse('{"target":"kitchen","__proto__":{"unit":"lumen"}}'), "INVALID_ARGUMENT", /unknown key "__proto__"/],
      ["lamp_state", { target: "kitchen", constructor: 1 }, "INVALID_ARGUMENT", /unknown key "constructor"/],
      ["__proto__", { target: "kitchen" }, "UNKNOWN_TOOL", /There is no tool/],
      ["lamp_state", { target: "__proto__" }, "UNKNOWN_TARGET", /There is no target/],
    ];
    for (const [name, args, code, message] of cases) {
      const result = await server.call(name, args);
      const error = errorOf(result);
      assert.equal(error["code"], code, JSON.stringify(result));
      assert.match(String(error["message"]), message);
      assert.ok(typeof error["hint"] === "string" && error["hint"].length > 0);
      assert.ok(textOf(result).startsWith(`${code}: `));
    }
  });

  it("denies a hidden tool that is called by its name", async () => {
    await using server = await connect();
    for (const [name, args] of [
      ["lamp_switch", { target: "kitchen", on: true }],
      ["lamp_smash", { target: "kitchen" }],
    ] as const) {
      assert.equal(errorOf(await server.call(name, args))["code"], "DENIED");
    }
  });

  it("never repeats a secret, from an error, a result or a cause, to the client or the log", async () => {
    await using server = await connect();
    for (const how of ["error", "tool-error", "string", "secret-result"]) {
      const result = await server.call("lamp_broken", { target: "kitchen", how });
      assert.ok(!JSON.stringify(result).includes(SECRET), JSON.stringify(result));
      assert.doesNotMatch(JSON.stringify(result), /u001b|\u200b/);
    }
    const internal = errorOf(await server.call("lamp_broken", { target: "kitchen", how: "error" }));
    assert.equal(internal["code"], "INTERNAL");
    const id = /under ([0-9a-f]+)/.exec(String(internal["message"]))?.[1] ?? "no id";
    await server.client.close();
    assert.ok(server.stderr().includes(id), "the log has the id");
    assert.ok(!server.stderr().includes(SECRET));
  });

  it("cuts a long text to the budget and says how to get the rest", async () => {
    await using server = await connect();
    const result = await server.call("lamp_large", { target: "kitchen", lines: 3000 });
    const text = textOf(result);
    assert.ok(Buffer.byteLength(text) <= TEXT_BUDGET_BYTES);
    assert.match(text, /\n\[truncated: \d+ more bytes; the structured content has everything, or narrow the call\]$/);
    assert.equal(Reflect.get(Object(result["structuredContent"]), "lines").length, 3000);
  });

  it("gives up a tool that never answers, and answers others meanwhile", async () => {
    await using server = await connect();
    const order: string[] = [];
    const deaf = server.call("lamp_deaf").then((result) => {
      order.push("deaf");
      return result;
    });
    await Promise.all(Array.from({ length: 20 }, () => server.call("lamp_state").then(() => order.push("quick"))));
    assert.equal(errorOf(await deaf)["code"], "TIMED_OUT");
    assert.equal(order.at(-1), "deaf");
    assert.equal(order.length, 21);
  });

  it("takes no more than so many calls at once, and says so", async () => {
    await using server = await connect();
    const slow = () => server.call("lamp_slow", { target: "kitchen", seconds: 1 });
    const results = await Promise.all(Array.from({ length: 70 }, slow));
    const refused = results.filter((result) => result["isError"] === true);
    assert.equal(refused.length, 6);
    for (const result of refused) assert.equal(errorOf(result)["code"], "LIMIT_EXCEEDED");
    assert.equal((await slow())["isError"], undefined);
  });

  it("reports progress that only grows", async () => {
    await using server = await connect();
    const seen: number[] = [];
    await server.client.callTool({ name: "lamp_slow", arguments: { target: "kitchen", seconds: 0.3 } }, undefined, {
      onprogress: ({ progress, total }) => {
        seen.push(progress);
        assert.equal(total, 6);
      },
    });
    assert.ok(seen.length >= 3, String(seen));
    assert.deepEqual(
      seen,
      [...new Set(seen)].toSorted((a, b) => a - b),
    );
  });

  it("stops the tool of a call that is withdrawn, and records it", async () => {
    const server = await connect();
    const controller = new AbortController();
    const call = server.call("lamp_slow", { target: "kitchen", seconds: 50 }, controller.signal);
    setTimeout(() => controller.abort(new Error("enough")), 300);
    await assert.rejects(call, /enough/);
    assert.equal((await server.call("lamp_state"))["isError"], undefined);
    await server.client.close();
    const files = await readdir(path.join(state, "audit"));
    const trails = await Promise.all(files.map((file) => readFile(path.join(state, "audit", file), "utf8")));
    assert.match(trails.join(""), /"outcome":"CANCELLED"/);
    assert.deepEqual(server.broken, []);
  });
});

describe("approval by elicitation", () => {
  const yes: Elicit = () => ({ action: "accept", content: { agree: true } });

  it("shows the plan, acts after a yes, verifies and says who agreed", async () => {
    await using server = await connect(["ask"], yes);
    await server.client.listTools();
    const result = await server.call("lamp_switch", { target: "kitchen", on: true });
    assert.match(
      server.asked[0] ?? "",
      /Switch the lamp on kitchen \(test\)\nSwitch the lamp of kitchen on\nAffects: one room\nTo undo: switch it back/,
    );
    assert.deepEqual(result["structuredContent"], {
      plan: {
        summary: "Switch the lamp of kitchen on",
        object: { lamp: "kitchen" },
        blastRadius: "one room",
        undo: "switch it back",
        observed: { isOn: false, switched: 0 },
      },
      approvedBy: "tester (elicitation)",
      result: { switched: 1 },
      verification: { worked: true, says: "the lamp obeyed", after: { isOn: true } },
    });
    assert.match(textOf(result), /Verified: the lamp obeyed\nApproved by tester \(elicitation\)\./);
    assert.match(textOf(await server.call("lamp_state")), /The lamp is on/);
  });

  it("takes neither a refusal nor an unticked box nor an empty acceptance for a yes, and does not ask again", async () => {
    for (const answer of [
      { action: "decline" },
      { action: "accept", content: { agree: false } },
      { action: "accept", content: {} },
      { action: "accept" },
    ] as const) {
      const fresh = await mkdtemp(path.join(tmpdir(), "kernel-refused-"));
      const kept = state;
      state = fresh;
      try {
        await using server = await connect(["ask"], () => ({ ...answer }));
        for (const _ of [1, 2]) assert.equal(errorOf(await server.call("lamp_smash"))["code"], "APPROVAL_REFUSED");
        assert.equal(server.asked.length, 1);
      } finally {
        state = kept;
        await rm(fresh, { recursive: true, force: true });
      }
    }
  });

  it("keeps the question for later when the person dismisses it or nobody can be asked", async () => {
    for (const elicit of [() => ({ action: "cancel" }) as const, undefined]) {
      await using server = await connect(["ask"], elicit);
      const error = errorOf(await server.call("lamp_smash", { target: "cellar" }));
      assert.equal(error["code"], "APPROVAL_REQUIRED");
      assert.match(String(error["hint"]), /`helpdesk approve [0-9a-f]{10}` until/);
      assert.equal(Reflect.get(Object(Reflect.get(Object(error["details"]), "plan")), "summary"), "Smash the lamp of cellar");
    }
  });
});

describe("a stdio server's stdout", () => {
  const REQUESTS = [
    {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "1999-01-01", capabilities: {}, clientInfo: { name: "t", version: "1" } },
    },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "lamp_broken", arguments: { target: "kitchen", how: "noise" } } },
    { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "lamp_slow", arguments: { target: "kitchen", seconds: 30 } } },
    { jsonrpc: "2.0", id: 4, method: "resources/list" },
    { jsonrpc: "2.0", id: 5, method: "tools/call", params: { name: 5 } },
    { jsonrpc: "2.0", id: 6, method: "ping" },
  ];

  async function converse(end: (child: ChildProcessWithoutNullStreams) => void) {
    const child = spawn(process.execPath, [SERVER, state]);
    let stdout = "";
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      if (stdout.includes('"id":2')) resolve();
    });
    child.stderr.resume();
    child.stdin.write(`not json\n\n{"jsonrpc":"1.0"}\n[1]\n{"jsonrpc":"2.0","id":{},"method":"ping"}\n`);
    child.stdin.write(REQUESTS.map((one) => `${JSON.stringify(one)}\n`).join(""));
    await answered;
    end(child);
    const [code] = await once(child, "exit");
    const messages = stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line));
    return { code, messages };
  }

  for (const [how, end] of [
    ["stdin ends", (child: ChildProcessWithoutNullStreams) => child.stdin.end()],
    ["SIGTERM comes", (child: ChildProcessWithoutNullStreams) => child.kill("SIGTERM")],
    ["SIGINT comes", (child: ChildProcessWithoutNullStreams) => child.kill("SIGINT")],
  ] as const) {
    it(`holds nothing but JSON-RPC, also when ${how} while a call runs, which is then answered`, async () => {
      const { code, messages } = await converse(end);
      assert.equal(code, 0);
      for (const message of messages) assert.equal(Reflect.get(Object(message), "jsonrpc"), "2.0");
      const byId = new Map(messages.map((message) => [Reflect.get(Object(message), "id"), Object(message)]));
      assert.equal(byId.get(1).result.protocolVersion, PROTOCOL_VERSIONS[0]);
      assert.equal(byId.get(4).error.code, -32601);
      assert.equal(byId.get(5).error.code, -32602);
      assert.deepEqual(byId.get(6).result, {});
      assert.match(byId.get(3).result.content[0].text, /^CANCELLED/);
      assert.equal(messages.filter((message) => Reflect.get(Object(message), "id") === undefined).length, 4);
    });
  }

  it("ends when the client goes away without a word", async () => {
    const child = spawn(process.execPath, [SERVER, state]);
    child.stdin.write(`${JSON.stringify(REQUESTS[0])}\n`);
    await once(child.stdout, "data");
    child.stdout.destroy();
    child.stdin.destroy();
    await once(child, "exit");
  });

  it("drops a line that is longer than any call and goes on", async () => {
    const child = spawn(process.execPath, [SERVER, state]);
    child.stdin.write(`${"x".repeat(5 * 1024 * 1024)}\n${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })}\n`);
    let stdout = "";
    for await (const chunk of child.stdout) {
      stdout += chunk;
      if (stdout.includes('"id":1')) break;
    }
    child.stdin.end();
    assert.match(stdout, /"id":1,"result":\{\}/);
  });

  it("leaves an audit trail that is whole", async () => {
    const verdict = await verifyAudit(path.join(state, "audit"));
    assert.equal(verdict.isWhole, true, JSON.stringify(verdict));
    assert.ok(verdict.chains.length > 3);
  });
});
