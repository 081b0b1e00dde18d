import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startSandbox } from "./server.ts";
import { ask, sessionsOn, waitUntil } from "./sessions.ts";
import { startWorker } from "./worker.ts";

suite("A worker", () => {
  test("does its turns in order, comes back when thrown out, and ends even while it waits", async () => {
    await using server = await startSandbox();
    await ask(server, "create table done (turn int)");
    await using sessions = sessionsOn(server);
    const holder = await sessions.open();
    {
      await using worker = startWorker(server, { application: "worker", pauseMs: 1 }, (session, turn) =>
        session.query("insert into done values ($1)", [turn]),
      );
      await waitUntil(server, "three turns", () => worker.turns >= 3);
      await ask(server, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'worker'");
      await waitUntil(server, "it noticed", () => worker.failed === 1);
      const { turns } = worker;
      await waitUntil(server, "it works again", () => worker.turns > turns);

      await holder.query("begin; lock table done in share mode");
      await waitUntil(
        server,
        "it waits",
        "select exists (select from pg_stat_activity where application_name = 'worker' and wait_event_type = 'Lock')",
      );
    }
    await holder.query("commit");
    await waitUntil(server, "it has left", "select not exists (select from pg_stat_activity where application_name = 'worker')");
    // One that was committed as its session was ended may be there twice; none is left out.
    const [row] = await ask(server, "select count(distinct turn)::int as turns, max(turn) as last from done");
    assert.equal(row?.["last"], Number(row?.["turns"]) - 1);
  });
});
