import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EVIDENCE_IDS, type Snapshot } from "../../diagnosis/evidence.ts";
import { inventoryOfUrl } from "../../kernel/inventory.ts";
import { SILENT } from "../../kernel/log.ts";
import { startSandbox } from "../../sandbox/server.ts";
import { ask, sessionsOn } from "../../sandbox/sessions.ts";
import { postgresServer } from "./main.ts";

const looking = (url: string, progress: (message: string) => void = () => undefined) => {
  const postgres = postgresServer(inventoryOfUrl(url), { env: {} }, SILENT);
  const call = { signal: AbortSignal.timeout(60_000), progress };
  return {
    open: () => postgres.open({ name: "default", environment: "test" }, call),
    [Symbol.asyncDispose]: () => postgres.close(),
  };
};
const outcomes = ({ evidence }: Snapshot) => Object.entries(evidence).map(([id, gathered]) => `${id} ${gathered?.outcome}`);
const reasons = ({ evidence }: Snapshot) =>
  new Set(Object.values(evidence).flatMap((gathered) => (gathered?.outcome === "unseen" ? [gathered.because] : [])));

describe("collecting evidence", () => {
  it("takes the refusal for evidence when no slot is left, and sees everything else through a connection from before", async () => {
    await using server = await startSandbox({ settings: { max_connections: 10, superuser_reserved_connections: 2 } });
    await ask(server, "create role monitor login; grant pg_monitor to monitor; create role app login");
    await using before = looking(server.url({ role: "monitor" }));
    await (await before.open()).server();
    await using sessions = sessionsOn(server);
    await sessions.openMany(7, { role: "app" });

    const seen = await (await before.open()).collect({ seconds: 0.2 });
    const connect = seen.evidence["pg.connect"];
    assert.ok(connect?.outcome === "seen");
    assert.equal(connect.value.sqlState, "53300");
    const slots = seen.evidence["pg.slots"];
    assert.ok(slots?.outcome === "seen");
    assert.deepEqual([slots.value.used, slots.value.usable, slots.value.ours], [8, 8, 1]);

    await using stranger = looking(server.url({ role: "monitor" }));
    const refused = await (await stranger.open()).collect({ seconds: 0.2 });
    assert.deepEqual(
      outcomes(refused).filter((line) => line.endsWith(" seen")),
      ["pg.connect seen"],
    );
    assert.deepEqual(reasons(refused), new Set(["unreachable"]));

    await using superuser = looking(server.url());
    const whole = await (await superuser.open()).collect({ seconds: 0.2 });
    assert.equal(whole.evidence["pg.connect"]?.outcome, "seen");
    assert.equal(whole.evidence["pg.sessions"]?.outcome, "seen");
  });

  it("ends with what it has when the server dies under it", async () => {
    await using server = await startSandbox({});
    let killed = false;
    await using observer = looking(server.url(), () => {
      if (killed) return;
      killed = true;
      setTimeout(() => server.kill("SIGQUIT"), 300);
    });
    const snapshot = await (await observer.open()).collect({ seconds: 2 });
    assert.deepEqual(Object.keys(snapshot.evidence).toSorted(), EVIDENCE_IDS.filter((id) => id !== "complaint").toSorted());
    assert.equal(snapshot.evidence["pg.locks"]?.outcome, "seen");
    assert.equal(snapshot.evidence["pg.wal"]?.outcome, "unseen");
    assert.deepEqual(
      [...reasons(snapshot)].filter((because) => because !== "extension-absent"),
      ["unreachable"],
    );
  });

  it("uses two connections at the most, all read only, and takes a complaint along", async () => {
    await using server = await startSandbox({});
    await using observer = looking(server.url());
    const context = await observer.open();
    const collecting = context.collect({ seconds: 1.5, complaint: "FATAL: sorry, too many clients already" });
    const counts: number[] = [];
    let over = false;
    const watching = (async () => {
      while (!over) {
        const rows = await ask(server, "select 1 from pg_stat_activity where application_name = 'helpdesk'");
        counts.push(rows.length);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    })();
    const snapshot = await collecting;
    over = true;
    await watching;
    assert.equal(Math.max(...counts), 2);
    const complaint = snapshot.evidence.complaint;
    assert.ok(complaint?.outcome === "seen");
    assert.deepEqual(complaint.value.sqlStates, ["53300"]);
  });

  it("looks at a table that somebody has locked without waiting for the lock", async () => {
    await using server = await startSandbox({});
    await ask(server, "create table public.orders (id int primary key); insert into public.orders select generate_series(1, 1000)");
    await using sessions = sessionsOn(server);
    const locker = await sessions.open();
    await locker.query("begin");
    await locker.query("lock table public.orders in access exclusive mode");
    await using observer = looking(server.url());
    const snapshot = await (await observer.open()).collect({ seconds: 0.3 });
    const unseen = outcomes(snapshot).filter((line) => line.endsWith(" unseen"));
    assert.deepEqual(unseen, ["pg.statements unseen"]);
    const tables = snapshot.evidence["pg.tables"];
    assert.ok(tables?.outcome === "seen");
    assert.equal(tables.value.tables.find(({ name }) => name === "orders")?.lockedExclusively, true);
  });
});
