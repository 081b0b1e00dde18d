import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startSandbox } from "../../../sandbox/server.ts";
import { sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { lookerAt } from "../../../test/look.ts";
import { cancelStatement, selectBlockedCount, selectSignalTarget, terminateSession } from "./signal.ts";

describe("the statements that signal", () => {
  it("touch nobody but the session, and the statement, that was named", async () => {
    await using server = await startSandbox();
    await using looker = lookerAt(server.url());
    await using sessions = sessionsOn(server);
    const busy = await sessions.open();
    const running = busy.send("select pg_sleep(600)");
    await waitUntil(server, "it sleeps", "select count(*) = 1 from pg_stat_activity where wait_event = 'PgSleep'");
    const { signal } = new AbortController();
    using lease = await looker.database.lease(signal);
    const sql = lease.sql({ signal, mode: "write" });
    const target = await selectSignalTarget(sql, lease.facts.versionNum, busy.pid);
    const { pid, backendStart, queryStart } = target ?? {};
    assert.ok(pid !== undefined && backendStart && queryStart);
    const other = "2026-03-02T09:12:33.123456Z";

    assert.deepEqual(await terminateSession(sql, pid, other), []);
    assert.deepEqual(await cancelStatement(sql, pid, other, queryStart), []);
    assert.deepEqual(await cancelStatement(sql, pid, backendStart, other), []);
    assert.equal(running.isSettled, false);

    assert.deepEqual(await cancelStatement(sql, pid, backendStart, queryStart), [{ signalled: true }]);
    assert.equal((await running.outcome).kind, "failed");
    // Idle by now: its last statement has the same start, and runs no more.
    assert.deepEqual(await cancelStatement(sql, pid, backendStart, queryStart), []);
    assert.ok(busy.isOpen);
    assert.deepEqual(await terminateSession(sql, pid, backendStart), [{ signalled: true }]);
    await waitUntil(server, "the client knows", () => !busy.isOpen);
  });

  it("count those that wait through others, too, and end in a cycle", async () => {
    await using server = await startSandbox({ settings: { deadlock_timeout: "60s" } });
    await using looker = lookerAt(server.url());
    await using sessions = sessionsOn(server);
    const [a, b, c] = await sessions.openMany(3);
    await a?.query("create table t (id int primary key); insert into t values (1), (2)");
    await a?.query("begin; update t set id = id where id = 1");
    await b?.query("begin; update t set id = id where id = 2");
    b?.send("update t set id = id where id = 1");
    c?.send("update t set id = id where id = 2");
    await waitUntil(server, "two wait", "select count(*) = 2 from pg_locks where not granted");
    const { signal } = new AbortController();
    using lease = await looker.database.lease(signal);
    const blockedBy = (session: typeof a) => selectBlockedCount(lease.sql({ signal }), session?.pid ?? 0, 100);
    assert.deepEqual([await blockedBy(a), await blockedBy(b), await blockedBy(c)], [2, 1, 0]);
    a?.send("update t set id = id where id = 2");
    await waitUntil(server, "three wait", "select count(*) = 3 from pg_locks where not granted");
    assert.deepEqual([await blockedBy(a), await blockedBy(b)], [2, 2]);
  });
});
