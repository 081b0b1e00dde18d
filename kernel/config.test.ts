import assert from "node:assert/strict";
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

  it("names the operator by user and host", () => {
    assert.match(readConfig({}).operator, /^.+@.+$/);
  });
});
