import { demoSettings, makeDemoIncident } from "../../../sandbox/demo.ts";
import { defineIncident, type Incident } from "../incident.ts";

const SHOP = { role: "shop_app", application: "shop" } as const;
/** For connections to run out with few. */
const FEW = { max_connections: 30 };
/** 30, less the superuser's 3. */
const ALL = 27;

/** Slots run out, each time for another reason. */
export const CONNECTION_INCIDENTS: readonly Incident[] = [
  defineIncident({
    cause: "leaked-transactions",
    title: "the demo's incident: a checkout forgets its transactions, and billing waits for one of them",
    complaint: "Checkout says sorry, too many clients already, and billing no longer finishes.",
    settings: demoSettings,
    expect: {
      object: { kind: "client", application: "checkout-api", role: "shop_app" },
      never: ["idle-transaction-blocks", "connection-limit-too-low", "connection-surge", "idle-sessions-pile-up"],
    },
    async inject(bench) {
      bench.own(await makeDemoIncident(bench.server));
    },
    isLive: `select count(*) filter (where state = 'idle in transaction' and state_change < now() - interval '5 s') >= 20
        and count(*) filter (where wait_event_type = 'Lock' and query_start < now() - interval '5 s') >= 5
      from pg_stat_activity`,
    async cure({ ask, waitUntil }) {
      await ask("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'shop_app' and state = 'idle in transaction'");
      await waitUntil("billing goes on", "select count(*) = 0 from pg_stat_activity where wait_event_type = 'Lock'");
    },
  }),

  defineIncident({
    cause: "idle-sessions-pile-up",
    title: "a pool keeps nearly every slot, and has nothing to do",
    complaint: "New workers cannot connect.",
    settings: FEW,
    expect: {
      object: { kind: "client", application: "shop" },
      never: ["leaked-transactions", "connection-surge", "connection-limit-too-low"],
    },
    async inject({ ask, sessions }) {
      await ask("create role shop_app login");
      await sessions.openMany(ALL, SHOP);
    },
    // Sessions that arrived within the last minute are a surge.
    isLive: "select count(*) = 27 from pg_stat_activity where application_name = 'shop' and backend_start < now() - interval '61 s'",
    cure: ({ sessions }) => sessions[Symbol.asyncDispose](),
  }),

  defineIncident({
    cause: "connection-surge",
    title: "many clients arrive at once, and all of them work",
    settings: FEW,
    expect: {
      object: { kind: "client", application: "shop" },
      never: ["leaked-transactions", "idle-sessions-pile-up", "connection-limit-too-low"],
    },
    async inject({ ask, sessions }) {
      await ask("create role shop_app login");
      for (const session of await sessions.openMany(ALL, SHOP)) session.send("select pg_sleep(600)");
    },
    isLive: "select count(*) = 27 from pg_stat_activity where application_name = 'shop' and state = 'active'",
    cure: ({ sessions }) => sessions[Symbol.asyncDispose](),
  }),

  defineIncident({
    cause: "connection-limit-too-low",
    title: "a role's own limit is reached by sessions at work, and the server has room",
    complaint: "too many connections for role",
    expect: { object: { kind: "role", name: "shop_app" }, never: ["leaked-transactions", "idle-sessions-pile-up", "connection-surge"] },
    async inject({ ask, sessions }) {
      await ask("create role shop_app login connection limit 5");
      for (const session of await sessions.openMany(5, SHOP)) session.send("select pg_sleep(600)");
    },
    isLive: "select count(*) = 5 from pg_stat_activity where application_name = 'shop' and state = 'active'",
    cure: ({ ask }) => ask("alter role shop_app connection limit 50"),
  }),

  defineIncident({
    cause: "out-of-connection-slots",
    title: "no slot is left for us, who may not use the reserved ones",
    settings: FEW,
    role: "watcher",
    expect: { never: ["leaked-transactions", "idle-sessions-pile-up", "connection-limit-too-low", "server-down"] },
    async inject({ ask, sessions }) {
      await ask("create role watcher login; create role shop_app login");
      await sessions.openMany(ALL, SHOP);
    },
    isLive: "select count(*) = 27 from pg_stat_activity where application_name = 'shop'",
    cure: ({ sessions }) => sessions[Symbol.asyncDispose](),
  }),
];
