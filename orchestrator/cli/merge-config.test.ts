import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { mergeConfig } from "./merge-config.ts";

const entry = { command: "/node", args: ["helpdesk.js"] };
const merge = { key: "mcpServers" as const, name: "helpdesk-postgres", entry, inputs: [] };

suite("merging into an assistant's configuration", () => {
  let folder: string;
  const at = (...names: string[]) => path.join(folder, ...names);
  const json = async (file: string) => JSON.parse(await readFile(file, "utf8"));
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "helpdesk-merge-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("makes the file and its folder", async () => {
    assert.deepEqual(await mergeConfig(at("new", "mcp.json"), merge), { changed: true, backup: null });
    assert.deepEqual(await json(at("new", "mcp.json")), { mcpServers: { "helpdesk-postgres": entry } });
  });

  test("keeps everything else, its mode too, and a backup of what was there", async () => {
    const before = { theme: "dark", mcpServers: { other: { command: "x", env: { TOKEN: "t" } }, "helpdesk-postgres": { command: "old" } } };
    await writeFile(at("mcp.json"), JSON.stringify(before), { mode: 0o600 });
    const { backup } = await mergeConfig(at("mcp.json"), merge);
    assert.deepEqual(await json(at("mcp.json")), { theme: "dark", mcpServers: { ...before.mcpServers, "helpdesk-postgres": entry } });
    assert.equal((await stat(at("mcp.json"))).mode & 0o777, 0o600);
    assert.deepEqual(await json(backup ?? ""), before);
    await mergeConfig(at("mcp.json"), { ...merge, name: "second" });
    assert.deepEqual((await readdir(folder)).toSorted(), ["mcp.json", "mcp.json.backup-1", "mcp.json.backup-2"]);
  });

  test("changes nothing the second time", async () => {
    await mergeConfig(at("mcp.json"), merge);
    assert.deepEqual(await mergeConfig(at("mcp.json"), merge), { changed: false, backup: null });
  });

  test("asks VS Code for an input once", async () => {
    const vscode = { ...merge, key: "servers" as const, inputs: [{ id: "url", type: "promptString" }] };
    await writeFile(at("mcp.json"), JSON.stringify({ inputs: [{ id: "mine" }] }));
    await mergeConfig(at("mcp.json"), vscode);
    await mergeConfig(at("mcp.json"), { ...vscode, name: "second" });
    assert.deepEqual((await json(at("mcp.json"))).inputs, [{ id: "mine" }, { id: "url", type: "promptString" }]);
  });

  test("writes through a link instead of replacing it", async () => {
    await writeFile(at("real.json"), "{}");
    await symlink(at("real.json"), at("mcp.json"));
    await mergeConfig(at("mcp.json"), merge);
    assert.deepEqual(await json(at("real.json")), { mcpServers: { "helpdesk-postgres": entry } });
  });

  const unusable: readonly (readonly [string, string, RegExp])[] = [
    ["comments", '{\n  // mine\n  "mcpServers": {}\n}', /is not plain JSON: it has comments, which merging would lose/u],
    ["half a file", '{ "mcpServers": {', /is not plain JSON$/u],
    ["a list", "[]", /is JSON, but not a configuration/u],
    ["a list of servers", '{ "mcpServers": [] }', /is JSON, but not a configuration/u],
  ];
  for (const [what, text, says] of unusable) {
    test(`leaves ${what} alone and says so`, async () => {
      await writeFile(at("mcp.json"), text);
      await assert.rejects(mergeConfig(at("mcp.json"), merge), (error: Error) => says.test(error.message));
      assert.equal(await readFile(at("mcp.json"), "utf8"), text);
      assert.deepEqual(await readdir(folder), ["mcp.json"]);
    });
  }
});
