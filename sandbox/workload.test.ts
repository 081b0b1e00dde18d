import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type SandboxServer, startSandbox } from "./server.ts";
import { ask, sessionsOn, waitUntil } from "./sessions.ts";
import { createBank, startWorkload } from "./workload.ts";

suite("The sandbox's workload", () => {
  let server: SandboxServer;
  before(async () => {
    server = await startSandbox();
    await ask(server, "create role teller login");
  });
  after(() => server[Symbol.asyncDispose]());

  const value = async (text: string) => Object.values((await ask(server, text))[0] ?? {})[0];

  test("reads and writes, counts what it did, and leaves nothing", async () => {
    {
      await using bank = await createBank(server, { accounts: 1000, branches: 10 });
      await using workload = await startWorkload(server, bank, { clients: 3, role: "teller", readShare: 0.3, pauseMs: 0 });
      await waitUntil(server, "it has done 200 transactions", () => workload.measure().transactions >= 200);
      assert.equal(await value("select count(*)::int from pg_stat_activity where application_name = 'bank' and usename = 'teller'"), 3);
      const measured = await workload.stop();
      assert.equal(measured.failed, 0);
      assert.deepEqual(workload.measure(), measured);
      const written = Number(await value("select count(*)::int from bank.history"));
      assert.ok(written > 0 && written < measured.transactions, `${written} of ${measured.transactions} wrote`);
      assert.equal(
        await value("select (select sum(balance) from bank.accounts) = (select sum(amount) from bank.history)"),
        true,
        "what was paid is what was written down",
      );
    }
    assert.equal(await value("select to_regnamespace('bank') is null"), true);
    await waitUntil(server, "its sessions have left", "select not exists (select from pg_stat_activity where application_name = 'bank')");
  });

  test("goes on after its sessions were terminated", async () => {
    await using bank = await createBank(server, { accounts: 100, branches: 5 });
    await using workload = await startWorkload(server, bank, { clients: 2 });
    await ask(server, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bank'");
    await waitUntil(server, "both failed once", () => workload.measure().failed >= 2);
    const { transactions } = workload.measure();
    await waitUntil(server, "they are back at work", () => workload.measure().transactions > transactions + 10);
  });

  test("does not deadlock, however few rows its clients share", async () => {
    await using bank = await createBank(server, { accounts: 3, branches: 2 });
    await using workload = await startWorkload(server, bank, { clients: 8, readShare: 0, pauseMs: 0 });
    await waitUntil(server, "it has done 300 transactions", () => workload.measure().transactions > 300);
    const measured = await workload.stop();
    assert.equal(measured.failed, 0);
  });

  test("stops while its clients wait for somebody's lock", async () => {
    await using bank = await createBank(server, { accounts: 100, branches: 5 });
    await using sessions = sessionsOn(server);
    await using workload = await startWorkload(server, bank, { clients: 2 });
    const holder = await sessions.open();
    await holder.query("begin; lock table bank.accounts");
    await waitUntil(
      server,
      "both wait",
      "select count(*) = 2 from pg_stat_activity where application_name = 'bank' and wait_event_type = 'Lock'",
    );
    await workload.stop();
    await waitUntil(server, "both have left", "select not exists (select from pg_stat_activity where application_name = 'bank')");
    await holder.query("rollback");
  });
});
