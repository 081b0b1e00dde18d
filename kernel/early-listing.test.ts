import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { after, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { answerEarly, type Listing, listingMemory } from "./early-listing.ts";
import { stdinLines } from "./stdin-lines.ts";

const folder = mkdtempSync(path.join(tmpdir(), "helpdesk-early-"));
after(() => rmSync(folder, { recursive: true }));

const LISTING: Listing = {
  hello: { capabilities: { tools: { listChanged: true } }, serverInfo: { name: "a", title: "A", version: "1" }, instructions: "ask" },
  tools: [{ name: "lamp" }],
};
const memoryOf = (circumstances: readonly (string | boolean)[], files: readonly string[] = []) =>
  listingMemory({ folder, circumstances, files });

describe("the memory of a listing", () => {
  it("is recalled under the same circumstances and no others", () => {
    assert.equal(memoryOf(["1.0", true]).recall(), null);
    assert.equal(memoryOf(["1.0", true]).remember(LISTING), true);
    assert.deepEqual(memoryOf(["1.0", true]).recall(), LISTING);
    assert.equal(memoryOf(["1.0", false]).recall(), null);
    assert.equal(memoryOf(["1.1", true]).recall(), null);
  });

  it("is void when a file that it depends on changed, appeared or went", () => {
    const file = path.join(folder, "helpdesk.yaml");
    memoryOf(["files"], [file]).remember(LISTING);
    assert.deepEqual(memoryOf(["files"], [file]).recall(), LISTING);
    writeFileSync(file, "databases: {}\n");
    assert.equal(memoryOf(["files"], [file]).recall(), null);
    memoryOf(["files"], [file]).remember(LISTING);
    utimesSync(file, new Date(0), new Date(0));
    assert.equal(memoryOf(["files"], [file]).recall(), null);
    memoryOf(["files"], [file]).remember(LISTING);
    rmSync(file);
    assert.equal(memoryOf(["files"], [file]).recall(), null);
  });

  it("is void when a file changed that was found to matter only later, such as the policy", () => {
    const policy = path.join(folder, "policy.yaml");
    writeFileSync(policy, "version: 1\n");
    memoryOf(["policy"]).remember(LISTING, [policy]);
    assert.deepEqual(memoryOf(["policy"]).recall(), LISTING);
    writeFileSync(policy, "version: 1\nrules: []\n");
    assert.equal(memoryOf(["policy"]).recall(), null);
  });

  it("is kept where one of its files lies in a folder that may not be looked into", () => {
    const looping = path.join(folder, "looping");
    symlinkSync("looping", looping);
    memoryOf(["unseen"], [path.join(looping, "helpdesk.yaml")]).remember(LISTING);
    assert.deepEqual(memoryOf(["unseen"], [path.join(looping, "helpdesk.yaml")]).recall(), LISTING);
  });

  it("says whether something new was remembered, and does without a cache that cannot be written", () => {
    const memory = memoryOf(["new"]);
    memory.remember(LISTING);
    const again = memoryOf(["new"]);
    again.recall();
    assert.equal(again.remember(LISTING), false);
    assert.equal(again.remember({ ...LISTING, tools: [] }), true);
    writeFileSync(path.join(folder, "blocked"), "");
    const nowhere = listingMemory({ folder: path.join(folder, "blocked"), circumstances: ["x"], files: [] });
    assert.equal(nowhere.remember(LISTING), true);
    assert.equal(nowhere.recall(), null);
  });

  it("ignores what is not a listing of ours", () => {
    const memory = memoryOf(["damaged"]);
    memory.remember(LISTING);
    const [file = ""] = [path.join(folder, "listings")];
    for (const text of ["", "{", "null", '{"key":1}', '{"key":"x","listing":{"hello":{},"tools":{}}}']) {
      writeFileSync(path.join(file, "00000000.json"), text);
      assert.deepEqual(memoryOf(["damaged"]).recall(), LISTING);
    }
  });
});

describe("early answers", () => {
  const begin = () => {
    const stdin = new PassThrough();
    const lines = stdinLines(stdin);
    const sent: Record<string, unknown>[] = [];
    const answers = answerEarly(lines, LISTING, (message) => void sent.push({ ...message }));
    const say = async (message: object) => {
      stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
      await turn();
    };
    return { stdin, lines, sent, answers, say };
  };

  it("greets and lists, and leaves everything else to the session", async () => {
    const { sent, answers, say } = begin();
    await say({ id: 1, method: "initialize", params: { protocolVersion: "2025-03-26" } });
    await say({ method: "notifications/initialized" });
    await say({ id: "two", method: "tools/list" });
    await say({ id: 3, method: "tools/call", params: { name: "lamp" } });
    await say({ id: 4, method: "ping" });
    assert.deepEqual(sent, [
      { jsonrpc: "2.0", id: 1, result: { protocolVersion: "2025-03-26", ...LISTING.hello } },
      { jsonrpc: "2.0", id: "two", result: { tools: LISTING.tools } },
    ]);
    await answers.done;
    assert.equal(answers.hasListed, true);
    assert.equal(answers.isAnswered({ id: 1, result: {} }), true);
    assert.equal(answers.isAnswered({ id: 1, result: {} }), false, "an id that is used again is somebody else's");
    assert.equal(answers.isAnswered({ id: 3, result: {} }), false);
    assert.equal(answers.isAnswered({ id: "two", method: "elicitation/create" }), false, "a request of ours is no answer");
  });

  it("hands every line on in its order, those answered included: the session has to know the client", async () => {
    const { stdin, lines, answers, say } = begin();
    await say({ id: 1, method: "initialize" });
    await say({ id: 2, method: "tools/call" });
    answers.stop();
    const taken: string[] = [];
    let isOver = false;
    lines.take(
      (line) => void taken.push(line),
      () => {
        isOver = true;
      },
    );
    await say({ id: 3, method: "tools/list" });
    stdin.end();
    await turn();
    assert.deepEqual(
      taken.map((line) => JSON.parse(line).method),
      ["initialize", "tools/call", "tools/list"],
    );
    assert.equal(isOver, true);
  });

  it("is quiet about what is no request", async () => {
    const { stdin, sent } = begin();
    for (const line of [
      "nonsense",
      "[]",
      "null",
      '{"jsonrpc":"1.0","id":1,"method":"initialize"}',
      '{"jsonrpc":"2.0","id":{},"method":"initialize"}',
    ]) {
      stdin.write(`${line}\n`);
    }
    await turn();
    assert.deepEqual(sent, []);
  });
});

describe("stdin", () => {
  it("gives whole lines, whichever way they come, and the last one without its line feed", async () => {
    const stdin = new PassThrough();
    const taken: string[] = [];
    let wasOver = -1;
    stdinLines(stdin).take(
      (line) => void taken.push(line),
      () => {
        wasOver = taken.length;
      },
    );
    for (const chunk of ["on", "e\r\n\r\n", "two\nth", "ree"]) stdin.write(chunk);
    stdin.end();
    await turn();
    assert.deepEqual(taken, ["one", "two", "three"]);
    assert.equal(wasOver, 3);
  });

  it("keeps no process that stopped listening, though its host holds it open", async () => {
    const program = `
      import { stdinLines } from ${JSON.stringify(path.join(import.meta.dirname, "stdin-lines.ts"))};
      stdinLines(process.stdin).close();`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["pipe", "ignore", "inherit"],
      timeout: 20_000,
    });
    const status = await new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
    assert.equal(status, 0);
  });
});

describe("a server that remembers", () => {
  const FIXTURE = path.resolve(import.meta.dirname, "..", "test", "kernel-stdio.ts");
  const talk = async (words: readonly string[]): Promise<Record<string, unknown>[]> => {
    const child = spawn(process.execPath, [FIXTURE, path.join(folder, "state"), "early", ...words], { stdio: ["pipe", "pipe", "inherit"] });
    const messages: Record<string, unknown>[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => messages.push(JSON.parse(line)));
    const requests = [
      { id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "0" } } },
      { id: 2, method: "tools/list" },
      { id: 3, method: "tools/call", params: { name: "lamp_state", arguments: {} } },
    ];
    for (const request of requests) child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...request })}\n`);
    child.stdin.end();
    await new Promise((resolve) => child.once("close", resolve));
    return messages;
  };

  it("answers each request once, the first time and from memory, and says when what it remembered was wrong", async () => {
    const first = await talk([]);
    assert.deepEqual(first.map(({ id }) => id).toSorted(), [1, 2, 3]);
    const second = await talk([]);
    assert.deepEqual(second.map(({ id }) => id).toSorted(), [1, 2, 3]);
    assert.deepEqual(
      second.find(({ id }) => id === 2),
      first.find(({ id }) => id === 2),
    );
    // The fixture's key does not hold its policy, as the real one cannot know what a policy file says: writes appear.
    const changed = await talk(["ask"]);
    assert.ok(changed.some(({ method }) => method === "notifications/tools/list_changed"));
    const settled = await talk(["ask"]);
    assert.ok(!settled.some(({ method }) => method !== undefined));
    assert.match(JSON.stringify(settled.find(({ id }) => id === 2)), /lamp_switch/);
  });
});
