import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, it } from "node:test";
import { readConfig } from "./config.ts";

describe("the configuration of the process", () => {
  it("finds its folders as the XDG specification says", () => {
    const { configDir, stateDir, cacheDir, cwd } = readConfig({ HOME: "/home/anna" }, "/work");
    assert.deepEqual(
      [configDir, stateDir, cacheDir, cwd],
      ["/home/anna/.config/aihelpdesk", "/home/anna/.local/state/aihelpdesk", "/home/anna/.cache/aihelpdesk", "/work"],
    );
    const given = readConfig({ HOME: "/home/anna", XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s", XDG_CACHE_HOME: "/k" });
    assert.deepEqual([given.configDir, given.stateDir, given.cacheDir], ["/c/aihelpdesk", "/s/aihelpdesk", "/k/aihelpdesk"]);
  });

  it("ignores relative and empty XDG folders, as the specification says", () => {
    const { configDir, stateDir } = readConfig({ HOME: "/home/anna", XDG_CONFIG_HOME: "relative", XDG_STATE_HOME: "" });
    assert.deepEqual([configDir, stateDir], ["/home/anna/.config/aihelpdesk", "/home/anna/.local/state/aihelpdesk"]);
  });

  it("does without a home, as under a uid that no file names, and then has no folder that could be made", () => {
    const program = `
      import os from "node:os";
      import { syncBuiltinESMExports } from "node:module";
      os.homedir = () => { throw new Error("uv_os_homedir returned ENOENT"); };
      syncBuiltinESMExports();
      const { readConfig } = await import(${JSON.stringify(path.join(import.meta.dirname, "config.ts"))});
      process.stdout.write(readConfig({}, "/").stateDir);`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
    assert.equal(stdout, "/nonexistent/.local/state/aihelpdesk", stderr);
  });

  it("names the operator by user and host", () => {
    assert.match(readConfig({}).operator, /^.+@.+$/);
  });
});
