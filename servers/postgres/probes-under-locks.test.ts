import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { EVIDENCE, type Evidence, type EvidenceId, SNAPSHOT_VERSION } from "../../diagnosis/evidence.ts";
import { inventoryOfUrl } from "../../kernel/inventory.ts";
import { SILENT } from "../../kernel/log.ts";
import { type SandboxServer, startSandbox } from "../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../test/postgres-versions.ts";
import { postgresServer } from "./main.ts";

const SIZES = [
  "pg.databases",
  "pg.tables",
  "pg.indexes",
  "pg.statements",
  "pg.replication",
  "pg.wal",
  "pg.vacuum",
  "pg.settings",
  "pg.sequences",
  "pg.disk",
] as const;

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`the probes behind exclusive locks on ${name}`, () => {
    let server: SandboxServer;

    before(async () => {
      server = await startSandbox({ ...options, settings: { max_prepared_transactions: 5 } });
      await ask(
        server,
        `create role monitor login; grant pg_monitor to monitor; create extension pg_stat_statements;
         create table parent (id smallserial primary key); create table orders (id serial primary key, parent_id int references parent, note text);
         insert into parent default values; insert into orders (parent_id, note) select 1, repeat('x', 100) from generate_series(1, 1000);
         create index on orders (note); create index orders_note_again on orders (note); create index orders_expression on orders (lower(note)) where id > 5;
         select setval('parent_id_seq', 32000); grant select on all sequences in schema public to monitor; analyze`,
      );
    });
    after(async () => {
      await server?.[Symbol.asyncDispose]();
    });

    const gather = async (): Promise<{ [Id in EvidenceId]?: Evidence[Id] }> => {
      const postgres = postgresServer(inventoryOfUrl(server.url({ role: "monitor" })), { env: {} }, SILENT);
      try {
        const [target] = postgres.targets();
        assert.ok(target !== undefined);
        const context = await postgres.open(target, { signal: new AbortController().signal, progress: () => undefined });
        const snapshot = await context.collect({ only: SIZES, seconds: 0.2 });
        assert.equal(snapshot.schemaVersion, SNAPSHOT_VERSION);
        const unseen = SIZES.flatMap((id) => (snapshot.evidence[id]?.outcome === "seen" ? [] : [[id, snapshot.evidence[id]]]));
        assert.deepEqual(unseen, []);
        const { "pg.sequences": sequences } = snapshot.evidence;
        for (const id of SIZES) {
          const gathered = snapshot.evidence[id];
          if (gathered?.outcome === "seen") assert.deepEqual(EVIDENCE[id].parse(gathered.value), gathered.value, id);
        }
        assert.ok(sequences?.outcome === "seen");
        skipped = sequences.skipped ?? [];
        return Object.fromEntries(
          SIZES.flatMap((id) => {
            const gathered = snapshot.evidence[id];
            return gathered?.outcome === "seen" ? [[id, gathered.value]] : [];
          }),
        );
      } finally {
        await postgres.close();
      }
    };
    let skipped: readonly string[] = [];

    it("all see what they look for while a table, its indexes and its sequence are held exclusively", async () => {
      await using sessions = sessionsOn(server);
      const migration = await sessions.open({ application: "migration" });
      await migration.query(
        "begin; lock table orders, parent in access exclusive mode; alter index orders_note_idx rename to orders_note; alter sequence parent_id_seq restart with 32001",
      );
      const evidence = await gather();
      const locked = evidence["pg.tables"]?.tables.filter((one) => one.lockedExclusively).map((one) => one.name);
      assert.deepEqual(locked?.toSorted(), ["orders", "parent"]);
      assert.ok(skipped.includes("public.parent_id_seq: locked"), skipped.join());
      assert.deepEqual(
        evidence["pg.indexes"]?.duplicates.map((one) => one.name),
        ["orders_note_again"],
      );
      await migration.query("rollback");
    });

    it("all see what they look for while ACCESS EXCLUSIVE waits behind a reader", async () => {
      await using sessions = sessionsOn(server);
      const [reader, migration] = await sessions.openMany(2);
      assert.ok(reader !== undefined && migration !== undefined);
      await reader.query("begin; select count(*) from orders, parent");
      migration.send("begin; lock table orders in access exclusive mode");
      await waitUntil(server, "the queue", "select count(*) = 1 from pg_locks where not granted");
      const evidence = await gather();
      assert.deepEqual(
        evidence["pg.tables"]?.tables.filter((one) => one.lockedExclusively).map((one) => one.name),
        ["orders"],
      );
      assert.deepEqual(
        evidence["pg.sequences"]?.sequences.map((one) => one.name),
        ["parent_id_seq"],
      );
      assert.equal(migrationWaits(await ask(server, "select count(*)::int as n from pg_locks where not granted")), 1);
    });
  });
}

/** Still the only one in the queue: we did not join it. */
function migrationWaits([row]: readonly Readonly<Record<string, unknown>>[]): number {
  return Number(row?.["n"]);
}
