import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { toolBenchAt } from "../../../test/tool-bench.ts";
import { overview } from "./pg-overview.ts";

const Overview = z.object(overview.output);

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg_overview on ${name}`, () => {
    it("shows the server at a glance, and that it cannot be reached as an answer, not as an error", async () => {
      await using server = await startSandbox({ ...options, settings: { max_connections: 40 } });
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role app login connection limit 5");
      await ask(server, "create database shop");
      await using bench = await toolBenchAt(server.url({ role: "monitor" }), { tools: [overview] });
      {
        await using sessions = sessionsOn(server);
        await sessions.openMany(2, { database: "shop", role: "app" });
        const { structured, text } = await bench.call(overview);
        const seen = Overview.parse(structured);
        assert.equal(seen.reachable, true);
        assert.deepEqual(seen.unseen, []);
        assert.deepEqual([seen.sessions?.total, seen.slots?.max], [2, 40]);
        assert.deepEqual(seen.databases?.map((database) => database.name).toSorted(), ["postgres", "shop"]);
        assert.ok(seen.databases?.every(({ sizeBytes }) => (sizeBytes ?? 0) > 1_000_000));
        assert.match(text, /^Reachable: 127\.0\.0\.1:\d+\/postgres as monitor in \d+ ms, without TLS\.\n/);
        assert.match(text, new RegExp(`\\nPostgreSQL ${major}\\.\\d+ \\(community\\), primary, up .* since .* UTC\\.\\n`));
        assert.match(text, /\nOur role monitor: pg_monitor\.\n/);
        assert.match(text, /\nConnection slots: \d+ of 37 used \(max_connections 40, 3 reserved; \d+ ours\)\.\n/);
        assert.match(text, /role app 2 of 5/);
        assert.match(text, /\n {2}shop: [\d.]+ MiB, 2 connections, [\d.]+ commits\/s/);
        assert.ok(text.length < 2048);
      }
      await server.stop();
      const down = await bench.call(overview);
      const seen = Overview.parse(down.structured);
      assert.deepEqual(
        [seen.reachable, seen.connection?.outcome, seen.connection?.errorCode, seen.server],
        [false, "failed", "ECONNREFUSED", null],
      );
      assert.match(
        down.text,
        /^Cannot connect to 127\.0\.0\.1:\d+\/postgres as monitor: ECONNREFUSED at the step "connect"\. pg_diagnose says what to do\./,
      );
      assert.match(down.text, /Not seen: pg\.server \(unreachable/);
    });
  });
}
