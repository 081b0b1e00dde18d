import { startWorker } from "../../../sandbox/worker.ts";
import { defineIncident, type Incident } from "../incident.ts";

const ORDERS =
  "create table public.orders as select id, id % 1000 as customer_id, repeat('x', 60) as note from generate_series(1, 300000) id; alter table public.orders add primary key (id)";

/** Statements and indexes. */
export const QUERY_INCIDENTS: readonly Incident[] = [
  defineIncident({
    cause: "invalid-index",
    title: "CREATE INDEX CONCURRENTLY failed, and left its index behind",
    expect: { object: { kind: "index", name: "orders_customer_id_idx" }, never: ["redundant-indexes"] },
    async inject({ ask, sessions }) {
      await ask(ORDERS);
      const session = await sessions.open();
      await session.send("create unique index concurrently orders_customer_id_idx on public.orders (customer_id)").outcome;
    },
    isLive: "select exists (select from pg_index where not indisvalid)",
    cure: ({ ask }) => ask("drop index public.orders_customer_id_idx"),
  }),

  defineIncident({
    cause: "redundant-indexes",
    title: "one index covers another, and every write pays for both",
    expect: { object: { kind: "relation", name: "orders" }, never: ["invalid-index"] },
    async inject({ ask }) {
      await ask(ORDERS);
      await ask("create index orders_note_idx on public.orders (note, id)");
      await ask("create index orders_note_id_idx on public.orders (note, id)");
    },
    isLive: "select count(*) = 3 from pg_index where indrelid = 'public.orders'::regclass",
    cure: ({ ask }) => ask("drop index public.orders_note_id_idx"),
  }),

  defineIncident({
    cause: "unindexed-foreign-key",
    title: "every delete of a customer reads all orders",
    seconds: 2,
    expect: { object: { kind: "relation", name: "orders" }, never: ["redundant-indexes"] },
    async inject({ ask, own, server, waitUntil }) {
      await ask(
        "create table public.customers as select id from generate_series(1, 100000) id; alter table public.customers add primary key (id)",
      );
      await ask(
        "create table public.orders as select id, id % 1000 + 1 as customer_id, repeat('x', 60) as note from generate_series(1, 200000) id",
      );
      await ask("alter table public.orders add primary key (id), add foreign key (customer_id) references public.customers");
      await ask("vacuum analyze public.customers, public.orders");
      const worker = own(
        startWorker(server, { application: "cleanup", pauseMs: 1 }, (session, turn) =>
          session.query("delete from public.customers where id = $1", [2000 + turn]),
        ),
      );
      await waitUntil("it deletes", () => worker.turns > 3);
    },
    isLive: "select true",
    cure: ({ ask }) => ask("create index on public.orders (customer_id)"),
  }),

  defineIncident({
    cause: "temp-file-spill",
    title: "a report sorts more than work_mem holds, again and again",
    settings: { work_mem: "64kB" },
    seconds: 3,
    expect: { object: { kind: "statement" } },
    async inject({ ask, own, server, waitUntil }) {
      await ask(ORDERS);
      await ask("vacuum analyze public.orders");
      const worker = own(
        startWorker(server, { application: "report", pauseMs: 1 }, (session) =>
          session.query(
            "select count(*) from (select note, id from public.orders where id < 100000 order by note, id desc offset 0) sorted",
          ),
        ),
      );
      await waitUntil("it reports", () => worker.turns > 2);
    },
    isLive: "select temp_bytes > 0 from pg_stat_database where datname = 'postgres'",
  }),
];
