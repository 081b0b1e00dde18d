import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PgIndexes } from "../../../diagnosis/evidence/pg-storage.ts";
import { type SandboxServer, startSandbox } from "../../../sandbox/server.ts";
import { ask, sessionsOn, waitUntil } from "../../../sandbox/sessions.ts";
import { during } from "../../../test/during.ts";
import { type Looker, lookerAt } from "../../../test/look.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { indexes } from "./pg-indexes.ts";

for (const { name, options, major } of POSTGRES_VERSIONS) {
  describe(`pg.indexes on ${name}`, () => {
    let server: SandboxServer;
    let looker: Looker;

    before(async () => {
      server = await startSandbox({ ...options, settings: { autovacuum: false } });
      await ask(server, "create role monitor login; grant pg_monitor to monitor; create role nobody_special login");
      looker = lookerAt(server.url({ role: "monitor" }));
    });
    after(async () => {
      await looker?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const redundant = ({ duplicates }: PgIndexes) =>
      duplicates.map((one) => `${one.name} ${one.isPrefixOnly ? "begins" : "is"} ${one.keeps}`).toSorted();
    const inSchema = async (schema: string, sql: string, check: (evidence: PgIndexes) => void | Promise<void>) => {
      await ask(server, `create schema ${schema}; set search_path = ${schema}; ${sql}`);
      try {
        const { value } = await looker.look(indexes);
        assert.deepEqual(PgIndexes.parse(value), value);
        await check(value);
      } finally {
        await ask(server, `drop schema ${schema} cascade`);
      }
    };

    it("calls one of two equal indexes redundant, and never the one behind a constraint", async () => {
      await inSchema(
        "a",
        `create table t (id int primary key, code text unique, a int, b int, c text);
         create unique index id_again on t (id); create index code_again on t (code);
         create index a1 on t (a); create index a2 on t (a)`,
        (evidence) => assert.deepEqual(redundant(evidence), ["a2 is a1", "code_again is t_code_key", "id_again is t_pkey"]),
      );
    });

    it("keeps the one with more scans of two that are equal", async () => {
      await inSchema(
        "a",
        `create table t (a int); create index a1 on t (a); insert into t select generate_series(1, 10000); analyze t; create index a2 on t (a);
         drop index a1; create index a1 on t (a); drop index a2; set enable_seqscan = off; select * from t where a = 1; create index a2 on t (a)`,
        async () => {
          await waitUntil(server, "the scan in the statistics", "select idx_scan = 1 from pg_stat_user_indexes where indexrelname = 'a1'");
          assert.deepEqual(redundant((await looker.look(indexes)).value), ["a2 is a1"]);
        },
      );
    });

    it("compares expressions and predicates by what they mean", async () => {
      await inSchema(
        "a",
        `create table t (a int, b int, c text);
         create index lower1 on t (lower(c)); create index lower2 on t   (  lower(c) ); create index upper1 on t (upper(c));
         create index part1 on t (b) where a is not null; create index part2 on t (b)    where  a is not null; create index part3 on t (b) where a is null`,
        (evidence) => {
          assert.deepEqual(redundant(evidence), ["lower2 is lower1", "part2 is part1"]);
          assert.deepEqual(evidence.duplicates.find((one) => one.name === "lower2")?.columns, ["(expression)"]);
        },
      );
    });

    it("tells the beginning of a longer index from what only looks like one", async () => {
      await inSchema(
        "a",
        `create table t (a int, b int, c text);
         create index ab on t (a, b); create index a on t (a); create index a_descending on t (a desc); create index a_hash on t using hash (a);
         create index ba on t (b, a); create index c_pattern on t (c text_pattern_ops); create index cb on t (c, b);
         create unique index a_unique on t (a); create index a_part on t (a) where b > 0; create index b_covers on t (b) include (c)`,
        (evidence) => {
          assert.deepEqual(redundant(evidence), ["a is a_unique"]);
          assert.deepEqual(evidence.duplicates[0]?.columns, ["a"]);
        },
      );
      await inSchema("a", "create table t (a int, b int); create index ab on t (a, b); create index only_a on t (a)", (evidence) => {
        assert.deepEqual(redundant(evidence), ["only_a begins ab"]);
        const [one] = evidence.duplicates;
        assert.deepEqual([one?.keepsSchema, one?.schema, one?.table, one?.method], ["a", "a", "t", "btree"]);
      });
    });

    it("leaves alone what is the replica identity or what a foreign key points to", async () => {
      await inSchema(
        "a",
        `create table t (a int not null, b int); create unique index a1 on t (a); create unique index a2 on t (a); alter table t replica identity using index a2;
         create table r (a int references t (a), b int); create index on r (a)`,
        (evidence) => assert.deepEqual(redundant(evidence), []),
      );
    });

    if (major >= 15) {
      it("does not take an index that allows several nulls for one that does not", async () => {
        await inSchema(
          "a",
          "create table t (a int); create unique index a1 on t (a); create unique index a2 on t (a) nulls not distinct",
          (evidence) => assert.deepEqual(redundant(evidence), []),
        );
      });
    }

    it("finds the index that a failed CREATE UNIQUE INDEX CONCURRENTLY left", async () => {
      await ask(server, "create schema a; create table a.t as select i % 10 as a from generate_series(1, 1000) i");
      try {
        await assert.rejects(ask(server, "create unique index concurrently broken on a.t (a)"), { code: "23505" });
        const { value } = await looker.look(indexes);
        assert.deepEqual(
          value.invalid.map((one) => [one.schema, one.name, one.table, one.unique, one.beingBuilt]),
          [["a", "broken", "t", true, false]],
        );
        assert.deepEqual(value.duplicates, []);
        assert.equal(value.unused.length, 0, "an invalid index is not merely unused");
      } finally {
        await ask(server, "drop schema a cascade");
      }
    });

    it("knows an index that is being built, for a role without grants too", async () => {
      await ask(server, "create schema a; create table a.t as select i as a from generate_series(1, 1000) i");
      await using sessions = sessionsOn(server);
      const [reader, builder] = await sessions.openMany(2);
      assert.ok(reader !== undefined && builder !== undefined);
      try {
        await reader.query("begin; update a.t set a = a where a = 1");
        builder.send("create index concurrently slow on a.t (a)");
        await waitUntil(server, "the build", "select count(*) > 0 from pg_stat_progress_create_index where phase like 'waiting%'");
        await using nobody = lookerAt(server.url({ role: "nobody_special" }));
        for (const one of [looker, nobody]) {
          const { value } = await one.look(indexes);
          assert.deepEqual(
            value.invalid.map((index) => [index.name, index.beingBuilt]),
            [["slow", true]],
          );
        }
      } finally {
        await sessions[Symbol.asyncDispose]();
        await ask(server, "drop schema a cascade");
      }
    });

    it("lists what was never scanned, largest first, and no constraint's index", async () => {
      await inSchema(
        "a",
        `create table t (id int primary key, a int, b text); insert into t select i, i, repeat('x', 100) || i from generate_series(1, 5000) i;
         create index small on t (a); create index large on t (b); create index used on t ((a + 1)); analyze t; set enable_seqscan = off;
         select * from t where a + 1 = 5`,
        async () => {
          await waitUntil(
            server,
            "the scan in the statistics",
            "select idx_scan > 0 from pg_stat_user_indexes where indexrelname = 'used'",
          );
          const { value } = await looker.look(indexes);
          assert.deepEqual(
            value.unused.map((one) => one.name),
            ["large", "small"],
          );
          assert.deepEqual(
            value.unused.map((one) => [one.scans, one.backsConstraint, one.unique]),
            [
              [0, false, false],
              [0, false, false],
            ],
          );
          assert.match(value.statsSince ?? "", /Z$/);
          assert.ok((value.statsAgeSeconds ?? -1) >= 0);
        },
      );
    });

    it("finds foreign keys that no index serves, with the writes that search them", async () => {
      const tables = `create table parent (id int primary key, x int, unique (id, x)); insert into parent select i, i from generate_series(1, 100) i;
         create table child (a int references parent, b int references parent, c int, d int, e int, f int,
           foreign key (c, d) references parent (id, x), foreign key (e, f) references parent (id, x));
         create index on child (a, b); create index on child (d, c, a); create index on child (b) where b > 5; create index on child (e)`;
      await inSchema("a", tables, async () => {
        const write = async () => {
          await ask(server, "delete from a.parent where id > 90; update a.parent set id = id + 1000 where id <= 5");
          await waitUntil(
            server,
            "the writes in the statistics",
            "select n_tup_del = 10 and n_tup_upd = 5 from pg_stat_user_tables where relname = 'parent'",
          );
        };
        const { value } = await looker.look(during(indexes, write));
        const found = value.unindexedForeignKeys;
        assert.deepEqual(found.map((one) => one.columns.join()).toSorted(), ["b", "e,f"]);
        assert.deepEqual(found[0]?.references, { schema: "a", name: "parent" });
        const { referencedDeletesPerSecond: deletes = 0, referencedUpdatesPerSecond: updates = 0 } = found[0] ?? {};
        assert.ok(updates > 0);
        assert.equal(Math.round((100 * deletes) / updates), 200, "10 deletes, 5 updates");
      });
    });

    it("takes a partial index on rows that are not null for one that serves", async () => {
      await inSchema(
        "a",
        `create table parent (id int primary key); create table child (a int references parent, b int references parent);
         create index on child (a) where a is not null; create index on child (b) where b is null`,
        (evidence) =>
          assert.deepEqual(
            evidence.unindexedForeignKeys.map((one) => one.columns),
            [["b"]],
          ),
      );
    });

    it("reports a partitioned table's foreign key once", async () => {
      await inSchema(
        "a",
        `create table parent (id int primary key); create table child (a int references parent, b int) partition by range (b);
         create table child_1 partition of child for values from (1) to (10); create table child_2 partition of child for values from (10) to (20)`,
        (evidence) =>
          assert.deepEqual(
            evidence.unindexedForeignKeys.map((one) => one.name),
            ["child"],
          ),
      );
    });
  });
}
