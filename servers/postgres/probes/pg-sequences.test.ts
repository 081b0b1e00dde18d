import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgSequences } from "../../../diagnosis/evidence/pg-storage.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { startStandby } from "../../../sandbox/standby.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { CannotLook } from "../probe.ts";
import { sequences } from "./pg-sequences.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg.sequences on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox(options);
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role nobody_special login");
      looker = lookerAt(server.url());
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const inSchema = async (sql: string, check: (evidence: PgSequences, skipped: readonly string[]) => void | Promise<void>) => {
      await ask(server, `create schema a; set search_path = a; ${sql}`);
      try {
        const { value, skipped } = await looker.look(sequences);
        assert.deepEqual(PgSequences.parse(value), value);
        await check(value, skipped);
      } finally {
        await ask(server, "drop schema a cascade");
      }
    };

    it("measures serial, identity and bare sequences against the narrower of sequence and column", async () => {
      await inSchema(
        `create table t (s smallserial, i int generated always as identity, b bigserial, old int, plain int);
         create sequence bare; alter table t alter plain set default nextval('bare');
         alter sequence t_b_seq owned by t.old;
         select setval('t_s_seq', 32000), setval('t_i_seq', 1900000000), setval('bare', 2000000000), setval('t_b_seq', 2100000000)`,
        ({ total, sequences: found }) => {
          assert.equal(total, 4);
          assert.deepEqual(
            found.map((one) => [one.name, one.lastValue, one.limit, one.remaining, one.type, one.column?.column, one.column?.type]),
            [
              ["t_b_seq", 2_100_000_000, 2_147_483_647, 47_483_647, "bigint", "old", "integer"],
              ["t_s_seq", 32_000, 32_767, 767, "smallint", "s", "smallint"],
              ["bare", 2_000_000_000, 2_147_483_647, 147_483_647, "bigint", "plain", "integer"],
              ["t_i_seq", 1_900_000_000, 2_147_483_647, 247_483_647, "integer", "i", "integer"],
            ],
          );
          assert.deepEqual(found[1]?.column, { schema: "a", name: "t", column: "s", type: "smallint" });
        },
      );
    });

    it("counts the way of a sequence that descends, steps, starts late or cycles", async () => {
      await inSchema(
        `create sequence down increment -1 minvalue -100 maxvalue -1; create sequence steps increment 10 maxvalue 1000;
         create sequence late start 900 maxvalue 1000; create sequence round maxvalue 10 cycle;
         select setval('down', -80), setval('steps', 801), setval('late', 960), setval('round', 9)`,
        ({ sequences: found }) => {
          const of = (wanted: string) => found.find((one) => one.name === wanted);
          assert.deepEqual([of("down")?.remaining, of("down")?.increment, of("down")?.limit], [20, -1, -100]);
          assert.deepEqual([of("steps")?.remaining, of("steps")?.increment], [19, 10]);
          assert.equal(of("late")?.usedRatio, 959 / 999);
          assert.equal(of("round")?.cycles, true);
        },
      );
    });

    it("says nothing of what was never used or is far from its end", async () => {
      await inSchema(
        "create sequence unused maxvalue 5; create sequence fresh maxvalue 100; select setval('fresh', 50)",
        ({ total, sequences: found }) => assert.deepEqual([total, found], [2, []]),
      );
    });

    it("finds integer keys that no sequence fills by what ANALYZE saw", async () => {
      await inSchema(
        `create table external (id int primary key); insert into external select i * 2000000 from generate_series(1, 1000) i;
         create table filled (id serial primary key); insert into filled select i * 2000000 from generate_series(1, 1000) i;
         create table wide (id bigint primary key); insert into wide values (2000000000);
         create table pair (a int, b int, primary key (a, b)); insert into pair values (2000000000, 1); analyze external, filled, wide, pair`,
        ({ keys }) =>
          assert.deepEqual(keys, [
            {
              schema: "a",
              name: "external",
              column: "id",
              type: "integer",
              highest: 2_000_000_000,
              limit: 2_147_483_647,
              usedRatio: 2e9 / 2_147_483_647,
            },
          ]),
      );
    });

    it("skips a sequence that is locked, by name, and reads the others", async () => {
      await ask(
        server,
        "create schema a; create sequence a.busy maxvalue 10; create sequence a.free maxvalue 10; select setval('a.busy', 9), setval('a.free', 9)",
      );
      await using sessions = sessionsOn(server);
      const migration = await sessions.open();
      try {
        await migration.query("begin; alter sequence a.busy restart with 9");
        const { value, skipped } = await looker.look(sequences);
        assert.deepEqual(
          value.sequences.map((one) => one.name),
          ["free"],
        );
        assert.deepEqual(skipped, ["a.busy: locked"]);
      } finally {
        await migration.query("rollback");
        await ask(server, "drop schema a cascade");
      }
    });

    it("says which grant is missing where no last value may be seen, and which part where some may", async () => {
      await inSchema("create sequence hidden maxvalue 10; create sequence shown maxvalue 10; select setval('shown', 9)", async () => {
        await using monitor = lookerAt(server.url({ role: "monitor" }));
        const grant = 'grant select on all sequences in schema "a" to "monitor"';
        await assert.rejects(
          monitor.look(sequences),
          (error) => error instanceof CannotLook && error.because === "no-permission" && error.hint === grant,
        );
        await ask(server, "grant select on a.shown to monitor");
        const { value, skipped } = await monitor.look(sequences);
        assert.deepEqual(
          value.sequences.map((one) => one.name),
          ["shown"],
        );
        assert.deepEqual(skipped, [`1 sequences: ${grant}`]);
      });
    });

    it("is content with a database that has none", async () => {
      await using nobody = lookerAt(server.url({ role: "nobody_special" }));
      assert.deepEqual((await nobody.look(sequences)).value, { total: 0, sequences: [], keys: [] });
    });

    it("reads more sequences than one transaction may lock, the busiest first", async () => {
      await ask(
        server,
        `create schema a; do $$ begin for i in 1..600 loop execute format('create sequence a.s%s maxvalue 100', i); end loop; end $$;
         select setval('a.s77', 10); select count(nextval('a.s77')) from generate_series(1, 85)`,
      );
      try {
        await waitUntil(
          server,
          "the use in the statistics",
          "select blks_hit + blks_read > 50 from pg_statio_all_sequences where relname = 's77'",
        );
        const { value, skipped } = await looker.look(sequences);
        assert.equal(value.total, 600);
        assert.deepEqual(
          value.sequences.map((one) => [one.name, one.lastValue]),
          [["s77", 95]],
        );
        assert.match(skipped.join(), /100 of 600 sequences/);
      } finally {
        await ask(server, "drop schema a cascade");
      }
    });

    it("reads them on a standby, those left out that are not replicated", async () => {
      await ask(
        server,
        "create schema a; create unlogged table a.u (id smallserial); create table a.t (id smallserial); select setval('a.t_id_seq', 32000)",
      );
      await using standby = await startStandby(server);
      await standby.untilCaughtUp();
      await using there = lookerAt(standby.server.url());
      const { value } = await there.look(sequences);
      assert.deepEqual(
        value.sequences.map((one) => one.name),
        ["t_id_seq"],
      );
    });
  });
}
