import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { type ToolBench, toolBenchAt } from "../../../test/tool-bench.ts";
import { showSettings } from "./pg-settings.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_settings on ${name}`, () => {
    let server: SandboxServer;
    let bench: ToolBench;

    before(async () => {
      server = await startSandbox({ ...options, settings: { archive_mode: true, archive_command: "cp --token hunter2", work_mem: "7MB" } });
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role app; alter role app set work_mem = '1GB'");
      bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [showSettings] });
    });
    after(async () => {
      await bench?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("shows what is not at its default, overrides, and what it could not see", async () => {
      const { text } = await bench.call(showSettings);
      assert.match(text, /^ {2}work_mem +7168 +kB +configuration file$/m);
      assert.match(text, /^For role app: work_mem = 1GB$/m);
      assert.match(text, /^ {2}archive_command +\(hidden\)/m);
      assert.equal(/random_page_cost|statement_timeout|hunter2/.test(text), false);
      assert.match(text, /Not seen: errors in the configuration files/);
      assert.ok(Buffer.byteLength(text) < 4096);
    });

    it("finds settings by a part of their name, defaults too", async () => {
      const { structured } = await bench.call(showSettings, { filter: "PAGE_COST" });
      assert.deepEqual(
        showSettings.output.settings.parse(structured["settings"]).map((one) => [one.name, one.source]),
        [
          ["random_page_cost", "default"],
          ["seq_page_cost", "default"],
        ],
      );
      assert.deepEqual(structured["overrides"], []);
    });

    it("gives what other sessions get where our own transaction has set something", async () => {
      const { structured } = await bench.call(showSettings, { filter: "statement_timeout" });
      assert.deepEqual(
        showSettings.output.settings.parse(structured["settings"]).map((one) => one.value),
        ["0"],
      );
    });
  });
}
