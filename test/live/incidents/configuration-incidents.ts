import { appendFile, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { defineIncident, type Incident } from "../incident.ts";

/** Something is set, or damaged, that nobody has noticed yet. */
export const CONFIGURATION_INCIDENTS: readonly Incident[] = [
  defineIncident({
    cause: "config-file-invalid",
    title: "a line of postgresql.conf is not valid, and would stop the next start",
    expect: { object: { kind: "setting" }, never: ["restart-pending"] },
    inject: ({ server }) => appendFile(join(server.dataDirectory, "postgresql.conf"), "max_conections = 500\n"),
    isLive: "select exists (select from pg_file_settings where error is not null)",
  }),

  defineIncident({
    cause: "config-file-invalid",
    variant: "hba",
    title: "a line of pg_hba.conf is not valid, so that no change of it takes effect",
    expect: { object: { kind: "setting", name: "hba_file" } },
    inject: ({ server }) => appendFile(join(server.dataDirectory, "pg_hba.conf"), "host shop shop_app 10.0.0.0/99 md5\n"),
    isLive: "select exists (select from pg_hba_file_rules where error is not null)",
  }),

  defineIncident({
    cause: "restart-pending",
    title: "a changed setting waits for a restart",
    expect: { object: { kind: "setting", name: "max_connections" }, never: ["config-file-invalid"] },
    inject: ({ server }) => server.reload({ max_connections: 200 }),
    isLive: "select exists (select from pg_settings where pending_restart)",
    cure: ({ server }) => server.restart(),
  }),

  defineIncident({
    cause: "durability-switched-off",
    title: "fsync is off",
    settings: { fsync: false },
    expect: { object: { kind: "setting", name: "fsync" } },
    inject: async () => {},
    isLive: "select current_setting('fsync') = 'off'",
    cure: ({ server }) => server.reload({ fsync: true }),
  }),

  defineIncident({
    cause: "observability-missing",
    title: "pg_stat_statements is not installed",
    expect: { never: ["durability-switched-off"] },
    inject: ({ ask }) => ask("drop extension pg_stat_statements"),
    isLive: "select not exists (select from pg_extension where extname = 'pg_stat_statements')",
    cure: ({ ask }) => ask("create extension pg_stat_statements"),
  }),

  defineIncident({
    cause: "checksum-failures",
    title: "a page of a table is damaged",
    minMajor: 18,
    expect: { object: { kind: "database", name: "postgres" } },
    async inject({ ask, server, sessions }) {
      const [row] = await ask("create table public.orders as select generate_series(1, 1000) id; checkpoint; select 1").then(() =>
        ask("select pg_relation_filepath('public.orders') as path"),
      );
      const path = join(server.dataDirectory, String(row?.["path"]));
      await server.stop();
      const file = await open(path, "r+");
      await file.write(Buffer.from("damaged"), 0, 7, 4000);
      await file.close();
      await readFile(path);
      await server.start();
      const session = await sessions.open();
      await session.send("select count(*) from public.orders").outcome;
    },
    isLive: "select checksum_failures > 0 from pg_stat_database where datname = 'postgres'",
  }),

  defineIncident({
    cause: "sequence-exhausted",
    title: "the sequence of an integer key is near the end of its values",
    complaint: "nextval: reached maximum value of sequence",
    expect: { object: { kind: "sequence", schema: "public", name: "orders_id_seq" }, never: ["integer-key-near-limit"] },
    async inject({ ask }) {
      await ask("create table public.orders (id int generated always as identity primary key, note text)");
      await ask("select setval('public.orders_id_seq', 2147483000)");
      await ask("insert into public.orders (note) values ('last')");
    },
    isLive: "select last_value > 2147483000 from public.orders_id_seq",
    cure: ({ ask }) => ask("alter table public.orders alter id type bigint; alter sequence public.orders_id_seq as bigint"),
  }),

  defineIncident({
    cause: "integer-key-near-limit",
    title: "keys that the application makes itself are near the end of integer",
    expect: { object: { kind: "column", table: "orders", name: "id" }, never: ["sequence-exhausted"] },
    async inject({ ask }) {
      await ask("create table public.orders (id int primary key)");
      await ask("insert into public.orders select 2147480000 + n from generate_series(1, 2000) n");
      await ask("analyze public.orders");
    },
    isLive: "select max(id) > 2147480000 from public.orders",
    cure: ({ ask }) => ask("alter table public.orders alter id type bigint; analyze public.orders"),
  }),
];
