import { setTimeout as sleep } from "node:timers/promises";
import type { SandboxServer, Settings } from "./server.ts";
import { ask, openSession, type Sessions, sessionsOn, sqlStateOf, TOO_MANY_CONNECTIONS, waitUntil } from "./sessions.ts";
import {
  BILLING,
  browseItems,
  CHECKOUT,
  createShop,
  dropShop,
  invoiceOrder,
  OBSERVER,
  payOrders,
  placeOrder,
  reserveItem,
  STOREFRONT,
} from "./shop.ts";
import { startWorker, type Worker } from "./worker.ts";

/**
 * The incident of `helpdesk demo`: a shop whose checkout takes a connection for each order, opens a transaction, and
 * forgets both when the payment fails. In the end no client is let in, and billing waits for rows that are still locked.
 *
 * Touches the schema `shop` and the roles of shop.ts on the server that it is given; disposing removes them.
 */
export interface DemoIncident extends AsyncDisposable {
  /** What somebody of the shop would say. */
  readonly complaint: string;
  /** Whom to look as: no superuser, where this PostgreSQL can reserve slots for others (16 and later). */
  readonly role: string;
  /** New clients are refused, billing stands still, and both have lasted. */
  isLive(): Promise<boolean>;
  /** New clients are let in, nobody waits, hardly anyone is parked. */
  isCured(): Promise<boolean>;
}

const MAX_CONNECTIONS = 40;
const RESERVED_CONNECTIONS = 3;
const RESERVABLE_SINCE = 16;

/** For `startSandbox`: few slots, so that few sessions use them up, and some for those who look after the server. */
export function demoSettings(major: SandboxServer["major"]): Settings {
  return { max_connections: MAX_CONNECTIONS, ...(major >= RESERVABLE_SINCE ? { reserved_connections: RESERVED_CONNECTIONS } : {}) };
}

const BILLING_WORKERS = 7;
/** Those that were thrown out may find their slot taken, by the checkout or by who came to help. */
const LEAST_WAITING = 4;
const STOREFRONT_CLIENTS = 2;
/** The first forgotten transaction holds these, and billing begins with them. */
const LOCKED_ORDERS = 3;
/** So long nobody has said anything in the parked transactions before the shop calls for help. */
const PARKED_SECONDS = 6;
/** A session or two between two statements is ordinary life. */
const STILL_PARKED = 2;

export async function makeDemoIncident(server: SandboxServer): Promise<DemoIncident> {
  // Stays behind: every server that is looked after has it.
  await ask(server, "create extension if not exists pg_stat_statements");
  await createShop(server, { reservedSlots: server.major >= RESERVABLE_SINCE });
  const checkout = sessionsOn(server);
  const workers: Worker[] = [];
  const dispose = async () => {
    // The checkout first: that frees the slots and the rows that the others want.
    await checkout[Symbol.asyncDispose]();
    await Promise.all(workers.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
    await dropShop(server);
  };

  try {
    for (let client = 0; client < STOREFRONT_CLIENTS; client++) {
      workers.push(startWorker(server, { ...STOREFRONT, pauseMs: 50 }, browseItems));
    }
    await waitUntil(server, "customers browse", () => workers.every(({ turns }) => turns > 0));

    const first = await checkout.open(CHECKOUT);
    await first.query("begin");
    await payOrders(first, LOCKED_ORDERS);
    for (let worker = 0; worker < BILLING_WORKERS; worker++) {
      const orderOf = (turn: number) => (turn === 0 ? worker % LOCKED_ORDERS : worker * 701 + turn);
      workers.push(startWorker(server, { ...BILLING, pauseMs: 200 }, (session, turn) => invoiceOrder(session, orderOf(turn))));
    }
    await waitUntil(server, "billing waits", async () => (await look(server)).waiting === BILLING_WORKERS);

    await leakUntilFull(checkout);
    // A shop goes on trying: one more client of the checkout, which is refused, and would end its transactions.
    workers.push(startWorker(server, { ...CHECKOUT, pauseMs: 500 }, placeOrder));
  } catch (error) {
    await dispose();
    throw error;
  }

  return {
    complaint:
      'Checkout has been failing with "sorry, too many clients already" for some minutes, and billing no longer finishes an invoice.',
    role: server.major >= RESERVABLE_SINCE ? OBSERVER : "postgres",
    async isLive() {
      const { parked, parkedSeconds, waiting } = await look(server);
      return parked > STILL_PARKED && parkedSeconds >= PARKED_SECONDS && waiting >= LEAST_WAITING && !(await isLetIn(server));
    },
    async isCured() {
      const { parked, waiting } = await look(server);
      return parked <= STILL_PARKED && waiting === 0 && (await isLetIn(server));
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Refused once may be a session of ours that is just leaving; refused so often in a row is full. */
const REFUSALS = 3;

async function leakUntilFull(checkout: Sessions): Promise<void> {
  for (let number = 0, refusals = 0; refusals < REFUSALS; ) {
    try {
      const session = await checkout.open(CHECKOUT);
      await session.query("begin");
      await reserveItem(session, number++);
      refusals = 0;
    } catch (error) {
      if (sqlStateOf(error) !== TOO_MANY_CONNECTIONS) throw error;
      refusals++;
      await sleep(100);
    }
  }
}

async function look(server: SandboxServer): Promise<{ parked: number; parkedSeconds: number; waiting: number }> {
  const [row] = await ask(
    server,
    `select
       count(*) filter (where state = 'idle in transaction')::int as parked,
       coalesce(min(extract(epoch from now() - state_change)) filter (where state = 'idle in transaction'), 0)::float8 as "parkedSeconds",
       count(*) filter (where wait_event_type = 'Lock' and usename = $2 and query_start < now() - interval '1 second')::int as waiting
     from pg_stat_activity
     where usename in ($1, $2)`,
    [CHECKOUT.role, BILLING.role],
  );
  return { parked: Number(row?.["parked"]), parkedSeconds: Number(row?.["parkedSeconds"]), waiting: Number(row?.["waiting"]) };
}

async function isLetIn(server: SandboxServer): Promise<boolean> {
  try {
    await using session = await openSession(server, CHECKOUT);
    return session.isOpen;
  } catch (error) {
    if (sqlStateOf(error) === TOO_MANY_CONNECTIONS) return false;
    throw error;
  }
}
