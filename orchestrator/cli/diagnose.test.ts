import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startSandbox } from "../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { newHome } from "../../test/run-helpdesk.ts";

suite("helpdesk diagnose on a real server", () => {
  test("says healthy with status 0, then names who blocks whom with status 1", async () => {
    await using home = await newHome();
    await using server = await startSandbox();
    await ask(
      server,
      "create role helpdesk login in role pg_monitor; create table public.stock (sku int primary key); insert into stock values (1)",
    );
    const url = server.url({ role: "helpdesk" });

    const healthy = await home.run(["diagnose", "--url", url, "--seconds", "1"]);
    assert.equal(healthy.status, 0, healthy.stdout + healthy.stderr);
    assert.match(healthy.stdout, /^default: HEALTHY/u);

    await using sessions = sessionsOn(server);
    const root = await sessions.open({ application: "psql of somebody" });
    await root.query("begin");
    await root.query("update stock set sku = 2");
    for (const application of ["shop-1", "shop-2"]) (await sessions.open({ application })).send("update stock set sku = 3");
    await waitUntil(server, "two wait for long enough", async () => {
      const [row] = await ask(
        server,
        "select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and now() - query_start > interval '6 s'",
      );
      return row?.["waiting"] === 2;
    });
    const blocked = await home.run(["diagnose", "--url", url, "--seconds", "1"]);
    assert.equal(blocked.status, 1, blocked.stdout + blocked.stderr);
    assert.match(blocked.stdout, new RegExp(`1\\. (?:CRITICAL|WARNING)[\\s\\S]*idle-transaction-blocks, session pid ${root.pid}\\b`, "u"));
    assert.match(
      blocked.stdout,
      new RegExp(`select pg_terminate_backend\\(pid\\) from pg_stat_activity where pid =\\s+${root.pid} and`, "u"),
    );
  });

  test("Ctrl-C leaves no statement of ours running in the server", async () => {
    await using home = await newHome();
    await using server = await startSandbox();
    const ours = async () =>
      Number((await ask(server, "select count(*)::int as ours from pg_stat_activity where application_name = 'helpdesk'"))[0]?.["ours"]);
    const begun = waitUntil(server, "it samples", async () => (await ours()) === 2);
    const { status } = await home.run(["diagnose", "--url", server.url(), "--seconds", "20"], {
      interrupt: { after: begun, signal: "SIGINT" },
    });
    assert.equal(status, 130);
    await waitUntil(server, "our sessions are gone", async () => (await ours()) === 0);
  });
});
