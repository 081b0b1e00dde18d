import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { z } from "zod";
import { openApprovals } from "../../kernel/approval.ts";
import { startSandbox } from "../../sandbox/server.ts";
import { ask, sessionsOn } from "../../sandbox/sessions.ts";
import { newHome } from "../../test/run-helpdesk.ts";
import { approvalFolder } from "../workspace.ts";

const LAUNCHER = path.join(import.meta.dirname, "..", "..", "bin", "helpdesk.js");

const Result = z.object({
  isError: z.boolean().optional(),
  content: z.array(z.object({ text: z.string() })).default([]),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
});
const Reply = z.object({ id: z.number(), result: Result });

/** A host that speaks MCP over stdio and cannot ask its user anything. */
function hostOf(child: ChildProcessWithoutNullStreams) {
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let id = 0;
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  return {
    notify: (method: string) => send({ method }),
    async request(method: string, params: object) {
      send({ id: ++id, method, params });
      while (true) {
        const { value, done } = await replies.next();
        assert.ok(done !== true, "the server ended");
        const reply = Reply.safeParse(JSON.parse(value));
        if (reply.success && reply.data.id === id) return reply.data.result;
      }
    },
  };
}

suite("helpdesk approve", () => {
  test("gives, in another process, the word that a host could not ask for; it works once", async () => {
    await using home = await newHome();
    await using server = await startSandbox();
    await ask(server, "create role operator login in role pg_monitor, pg_signal_backend; create role app login");
    await using sessions = sessionsOn(server);
    const parked = await sessions.open({ role: "app", application: "checkout" });
    await parked.query("begin");
    const [row] = await ask(
      server,
      "select pid, to_json(backend_start)#>>'{}' as start from pg_stat_activity where application_name = 'checkout'",
    );

    await writeFile(
      path.join(home.folder, "policy.yaml"),
      "version: 1\nrules:\n  - { name: ask, effects: [write, destroy], decision: ask }\n",
    );
    await writeFile(
      path.join(home.folder, "helpdesk.yaml"),
      `databases:\n  shop: { url: "${server.url({ role: "operator" })}", environment: test }\npolicy: policy.yaml\n`,
    );
    const child = spawn(process.execPath, [LAUNCHER, "serve", "postgres"], {
      cwd: home.folder,
      env: { PATH: process.env["PATH"] ?? "", HOME: home.folder, HELPDESK_SOURCE: "1" },
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    try {
      const host = hostOf(child);
      await host.request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } });
      host.notify("notifications/initialized");
      const call = () =>
        host.request("tools/call", {
          name: "pg_terminate_session",
          arguments: { pid: Number(row?.["pid"]), backendStart: String(row?.["start"]).replace("+00:00", "Z") },
        });

      const first = await call();
      const [, id = ""] = /^APPROVAL_REQUIRED: .*helpdesk approve ([0-9a-f]+)`/su.exec(first.content[0]?.text ?? "") ?? [];
      assert.equal(first.isError, true);

      const listed = await home.run(["approve"]);
      assert.match(listed.stdout, new RegExp(`^${id} {2}Terminate session \\d+ "checkout"`, "u"));
      const unasked = await home.run(["approve", id]);
      assert.deepEqual({ status: unasked.status, said: /takes a person at a terminal/u.test(unasked.stderr) }, { status: 2, said: true });
      assert.match(unasked.stderr, /Plan {5}Terminate session/u);
      assert.equal((await home.run(["approve", id, "--yes"])).status, 2, "an assistant with a shell must not agree with itself");
      assert.equal(parked.isOpen, true);

      // What the terminal's yes comes to; a test has no terminal.
      await openApprovals({ dir: approvalFolder({ stateDir: path.join(home.folder, ".local", "state", "aihelpdesk") }) }).decide(
        id,
        "approved",
        "anna (helpdesk approve)",
      );

      const second = await call();
      assert.notEqual(second.isError, true, JSON.stringify(second));
      assert.equal(z.object({ verification: z.object({ worked: z.boolean() }) }).parse(second.structuredContent).verification.worked, true);
      assert.match((await home.run(["approve"])).stdout, /Nothing waits/u);
      assert.equal((await home.run(["approve", id, "--refuse"])).status, 2);
    } finally {
      child.stdin.end();
    }
    assert.equal(await ended, 0);
    const shown = await home.run(["audit", "show"]);
    assert.match(shown.stdout, /act {7}approved by .*\(helpdesk approve\)/u);
    assert.equal((await home.run(["audit", "verify"])).status, 0);
  });
});
