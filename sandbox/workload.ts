import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { ask, type Reachable, type SessionOptions, sqlStateOf } from "./sessions.ts";

/**
 * A bank's ordinary day, after pgbench's: short transactions that read and write a few rows by key.
 *
 * The control of every diagnosis: nothing is wrong here, however busy it is. Touches the schema `bank` of one database.
 */
export interface Bank extends AsyncDisposable {
  readonly accounts: number;
  readonly branches: number;
}

export interface BankOptions {
  readonly database?: string;
  /** Default 10,000. */
  readonly accounts?: number;
  /** Default 50: with few, the clients queue for the rows of branches, as in pgbench at scale 1. */
  readonly branches?: number;
}

/** Makes the schema `bank`, filled and analyzed. Disposing drops it. */
export async function createBank(server: Reachable, options: BankOptions = {}): Promise<Bank> {
  const { accounts = 10_000, branches = 50 } = options;
  const where = options.database === undefined ? {} : { database: options.database };
  await ask(
    server,
    `create schema bank;
     create table bank.branches (id int primary key, balance bigint not null default 0) with (fillfactor = 50);
     create table bank.tellers (id int primary key, branch_id int not null, balance bigint not null default 0) with (fillfactor = 50);
     create table bank.accounts (id int primary key, branch_id int not null, balance bigint not null default 0, note text not null) with (fillfactor = 90);
     create table bank.history (
       id bigint generated always as identity primary key,
       account_id int not null, teller_id int not null, branch_id int not null, amount int not null, at timestamptz not null default now()
     );
     insert into bank.branches (id) select generate_series(1, ${branches});
     insert into bank.tellers (id, branch_id) select id, 1 + id % ${branches} from generate_series(1, ${branches * 10}) id;
     insert into bank.accounts (id, branch_id, note) select id, 1 + id % ${branches}, repeat('x', 80) from generate_series(1, ${accounts}) id;
     grant usage on schema bank to public;
     grant select, insert, update on all tables in schema bank to public;`,
    [],
    where,
  );
  await ask(server, "vacuum (analyze) bank.accounts, bank.branches, bank.tellers, bank.history", [], where);
  return {
    accounts,
    branches,
    async [Symbol.asyncDispose]() {
      await ask(server, "drop schema if exists bank cascade", [], where);
    },
  };
}

export interface WorkloadOptions extends SessionOptions {
  /** Sessions. Default 4. */
  readonly clients?: number;
  /** Of all transactions, 0 to 1, those that only read. Default 0.5. */
  readonly readShare?: number;
  /** What a client does between two transactions. Default 5 ms; 0 is as fast as it goes. */
  readonly pauseMs?: number;
}

export interface Measured {
  readonly transactions: number;
  /** Refused or cut off; the client goes on with the next, as an application does. */
  readonly failed: number;
  readonly seconds: number;
  readonly perSecond: number;
}

export interface Workload extends AsyncDisposable {
  /** Since the start. */
  measure(): Measured;
  /** Lets each client finish its transaction; ends those that still wait for a lock then. */
  stop(): Promise<Measured>;
}

const RECONNECT_MS = 200;
const FINISH_MS = 2000;

/** Runs the bank's clients until stopped; returns once each has done a transaction, or failed at it. */
export async function startWorkload(server: Reachable, bank: Bank, options: WorkloadOptions = {}): Promise<Workload> {
  const { clients = 4, readShare = 0.5, pauseMs = 5, ...session } = options;
  const url = server.url({ application: "bank", ...session });
  const count = { transactions: 0, failed: 0 };
  const startedAt = performance.now();
  let seconds: number | null = null;
  let isStopping = false;
  const pids = new Set<number>();
  const some = (upTo: number) => 1 + Math.floor(Math.random() * upTo);

  const transact = (client: pg.Client) => {
    const account = some(bank.accounts);
    if (Math.random() < readShare) return client.query({ name: "balance", text: BALANCE, values: [account] });
    const teller = some(bank.branches * 10);
    return transfer(client, { account, teller, branch: 1 + (teller % bank.branches), amount: some(10_000) - 5_000 });
  };

  const work = async (onFirst: () => void) => {
    let client: pg.Client | null = null;
    while (!isStopping) {
      try {
        if (client === null) {
          client = await connect(url);
          pids.add(await pidOf(client));
        }
        await transact(client);
        count.transactions++;
        onFirst();
        await sleep(pauseMs);
      } catch (error) {
        count.failed++;
        onFirst();
        // A statement's own failure leaves the session usable; anything else, and a fatal one, does not.
        const state = sqlStateOf(error);
        if (client !== null && state !== null && !state.startsWith("57P")) await client.query("rollback").catch(() => {});
        else client = await discard(client);
        await sleep(RECONNECT_MS);
      }
    }
    await discard(client);
  };

  const firsts: Promise<void>[] = [];
  const working = Array.from({ length: clients }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    firsts.push(promise);
    return work(resolve);
  });
  await Promise.all(firsts);

  const measure = (): Measured => {
    const elapsed = seconds ?? (performance.now() - startedAt) / 1000;
    return { ...count, seconds: elapsed, perSecond: count.transactions / elapsed };
  };
  const stop = async () => {
    isStopping = true;
    const finished = Promise.all(working);
    const isLate = await Promise.race([finished, sleep(FINISH_MS, true, { ref: false })]);
    if (isLate === true) await endBackends(server, [...pids]);
    await finished;
    seconds ??= (performance.now() - startedAt) / 1000;
    return measure();
  };
  return {
    measure,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

const BALANCE = "select balance from bank.accounts where id = $1";

/** Always in the order account, teller, branch: two transfers cannot wait for each other in a circle. */
async function transfer(
  client: pg.Client,
  { account, teller, branch, amount }: Record<"account" | "teller" | "branch" | "amount", number>,
): Promise<void> {
  await client.query("begin");
  await client.query({ name: "pay", text: "update bank.accounts set balance = balance + $2 where id = $1", values: [account, amount] });
  await client.query({ name: "read", text: BALANCE, values: [account] });
  await client.query({ name: "teller", text: "update bank.tellers set balance = balance + $2 where id = $1", values: [teller, amount] });
  await client.query({ name: "branch", text: "update bank.branches set balance = balance + $2 where id = $1", values: [branch, amount] });
  await client.query({
    name: "history",
    text: "insert into bank.history (account_id, teller_id, branch_id, amount) values ($1, $2, $3, $4)",
    values: [account, teller, branch, amount],
  });
  await client.query("commit");
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  // Being terminated shows in the next statement; without a listener it would end this process.
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("select pg_catalog.pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}

/** By what they run too: the number of a session that was lost may be somebody else's by now. */
async function endBackends(server: Reachable, pids: readonly number[]): Promise<void> {
  const text = "select pg_terminate_backend(pid) from pg_stat_activity where pid = any($1::int[]) and query like '%bank.%'";
  await ask(server, text, [pids]).catch(() => {});
}

async function discard(client: pg.Client | null): Promise<null> {
  await client?.end().catch(() => {});
  return null;
}
