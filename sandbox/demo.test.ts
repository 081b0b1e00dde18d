import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { demoSettings, makeDemoIncident } from "./demo.ts";
import { installedMajors, startSandbox } from "./server.ts";
import { ask, openSession, waitUntil } from "./sessions.ts";

const value = async (server: Parameters<typeof ask>[0], text: string) => Object.values((await ask(server, text))[0] ?? {})[0];

const parked = "select count(*)::int from pg_stat_activity where application_name = 'checkout-api' and state = 'idle in transaction'";

suite("The demo's incident", () => {
  const majors = installedMajors();
  const some = new Set([majors[0], majors.at(-1)].flatMap((major) => major ?? []));

  for (const major of some) {
    test(`is live on PostgreSQL ${major}, is cured by ending the checkout's sessions and by nothing less, and leaves nothing`, async () => {
      await using server = await startSandbox({ major, settings: demoSettings(major) });
      {
        await using incident = await makeDemoIncident(server);
        await waitUntil(server, "the incident is live", () => incident.isLive());
        assert.equal(await incident.isCured(), false);
        assert.ok(Number(await value(server, parked)) >= 25);
        await assert.rejects(openSession(server, { role: "shop_app" }), { code: "53300" });

        // All that wait, directly or not, wait for one session of the checkout.
        const roots = await ask(
          server,
          `with waits as (select pid, unnest(pg_blocking_pids(pid)) as blocker from pg_stat_activity)
           select distinct application_name, state from pg_stat_activity
           where pid in (select blocker from waits) and pid not in (select pid from waits)`,
        );
        assert.deepEqual(roots, [{ application_name: "checkout-api", state: "idle in transaction" }]);

        await using observer = await openSession(server, { role: incident.role, application: "observer" });
        await observer.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'billing-worker'");
        await waitUntil(server, "billing waits again", () => incident.isLive());
        assert.equal(await incident.isCured(), false);

        await observer.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'checkout-api' and state = 'idle in transaction'",
        );
        await waitUntil(server, "the incident is cured", () => incident.isCured());
        assert.equal(await incident.isLive(), false);
        await waitUntil(server, "orders are placed and invoiced", "select max(id) > 5000 and count(invoiced_at) > 20 from shop.orders");
      }
      assert.equal(await value(server, "select count(*)::int from pg_roles where rolcanlogin"), 1);
      assert.equal(await value(server, "select to_regnamespace('shop') is null"), true);
      await waitUntil(server, "all have left", "select count(*) = 1 from pg_stat_activity where backend_type = 'client backend'");
    });
  }

  test("is taken back while it is live", async () => {
    await using server = await startSandbox({ settings: demoSettings(18) });
    {
      await using incident = await makeDemoIncident(server);
      assert.doesNotMatch(incident.complaint, /leak|idle|transaction|pool/);
    }
    assert.equal(await value(server, "select to_regnamespace('shop') is null"), true);
    await waitUntil(server, "all have left", "select count(*) = 1 from pg_stat_activity where backend_type = 'client backend'");
  });
});
