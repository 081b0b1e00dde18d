import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/**
 * Client sessions that make an incident: they park, wait, block and fail as told, and end when disposed.
 *
 * Touches the server at the given URL only, with the statements that its caller hands in.
 */
export interface Reachable {
  url(options?: { database?: string; role?: string; application?: string }): string;
}

export interface SessionOptions {
  readonly role?: string;
  readonly database?: string;
  readonly application?: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** How a statement ended that was sent without waiting for it. */
export type Outcome =
  | { readonly kind: "done"; readonly rows: readonly Row[] }
  | { readonly kind: "failed"; readonly sqlState: string | null; readonly message: string };

export interface Sent {
  readonly outcome: Promise<Outcome>;
  readonly isSettled: boolean;
}

export interface Session extends AsyncDisposable {
  readonly pid: number;
  /** False as soon as either side has ended it. */
  readonly isOpen: boolean;
  /** A statement is under way. */
  readonly isBusy: boolean;
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** For a statement that is expected to wait, or to fail: never throws. */
  send(text: string, values?: readonly unknown[]): Sent;
  /** Leaves as a client that dies does: without a word. */
  drop(): void;
}

export interface Sessions extends AsyncDisposable {
  open(options?: SessionOptions): Promise<Session>;
  /** `begin` runs in each of them, and its number, from 0, may stand in it. */
  openMany(count: number, options?: SessionOptions, begin?: (index: number) => string): Promise<readonly Session[]>;
}

/** A group of sessions that ends as one, those included that wait for a lock or do not answer. */
export function sessionsOn(server: Reachable): Sessions {
  const open: Session[] = [];
  const openOne = async (options: SessionOptions = {}) => {
    const session = await openSession(server, options);
    open.push(session);
    return session;
  };
  return {
    open: openOne,
    async openMany(count, options = {}, begin = () => "") {
      const opened: Session[] = [];
      for (let index = 0; index < count; index++) {
        const session = await openOne(options);
        const text = begin(index);
        if (text !== "") await session.query(text);
        opened.push(session);
      }
      return opened;
    },
    async [Symbol.asyncDispose]() {
      const ending = open.splice(0);
      const end = (session: Session) => session[Symbol.asyncDispose]();
      // The idle first: ending the busy takes connections, for which there may be no slot before.
      await Promise.all(ending.filter(({ isBusy }) => !isBusy).map(end));
      await Promise.all(ending.map(end));
    },
  };
}

/** One session. Its loss is no error of ours: an administrator may end it, or the server may stop. */
export async function openSession(server: Reachable, options: SessionOptions = {}): Promise<Session> {
  const client = new pg.Client({ connectionString: server.url(options), keepAlive: false });
  let isOpen = true;
  client.on("error", () => {
    isOpen = false;
  });
  client.on("end", () => {
    isOpen = false;
  });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_catalog.pg_backend_pid() as pid");
  const pid = rows[0]?.pid ?? 0;
  let unsettled = 0;

  const query = async (text: string, values: readonly unknown[] = []) => {
    unsettled++;
    try {
      // Without values by the simple protocol, which takes several statements at once.
      const result = await client.query<Row>(text, values.length === 0 ? undefined : [...values]);
      return result.rows;
    } finally {
      unsettled--;
    }
  };

  const drop = () => {
    isOpen = false;
    client.connection.stream.destroy();
  };

  return {
    pid,
    get isOpen() {
      return isOpen;
    },
    get isBusy() {
      return unsettled > 0;
    },
    query,
    send(text, values) {
      let isSettled = false;
      const outcome = query(text, values)
        .then(
          (done): Outcome => ({ kind: "done", rows: done }),
          (error: unknown): Outcome => ({
            kind: "failed",
            sqlState: sqlStateOf(error),
            message: error instanceof Error ? error.message : String(error),
          }),
        )
        .finally(() => {
          isSettled = true;
        });
      return {
        outcome,
        get isSettled() {
          return isSettled;
        },
      };
    },
    drop,
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      // A backend that waits for a lock does not read its socket, and would stay after its client has left.
      if (unsettled > 0) await terminate(server, pid, options);
      const ended = client.end().catch(() => {});
      await Promise.race([ended, sleep(END_SECONDS * 1000, undefined, { ref: false })]);
      drop();
    },
  };
}

/** SQLSTATE of a failed statement, or null where it was not PostgreSQL that refused. */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null;
}

/** One statement over a connection of its own, as the superuser, who may use the reserved slots. */
export async function ask(
  server: Reachable,
  text: string,
  values: readonly unknown[] = [],
  options: SessionOptions = {},
): Promise<readonly Row[]> {
  await using session = await openSession(server, { application: OURS, ...options });
  return await session.query(text, values);
}

/** What our own short looks are called in pg_stat_activity. */
const OURS = "sandbox";
export const TOO_MANY_CONNECTIONS = "53300";
const END_SECONDS = 5;
const POLL_MS = 50;

/**
 * Waits until the world is as said: `holds` is a query whose first column is a boolean, or a function that looks.
 * Throws with the last answer, or the last error, when it is not so in time.
 */
export async function waitUntil(
  server: Reachable,
  what: string,
  holds: string | (() => boolean | Promise<boolean>),
  { timeoutSeconds = 30 }: { timeoutSeconds?: number } = {},
): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  let last = "it was never looked at";
  do {
    try {
      const answer = typeof holds === "string" ? Object.values((await ask(server, holds))[0] ?? {})[0] : await holds();
      if (answer === true) return;
      last = `the last answer was ${JSON.stringify(answer)}`;
    } catch (error) {
      last = `the last look failed: ${error instanceof Error ? error.message : String(error)}`;
    }
    await sleep(POLL_MS);
  } while (performance.now() < deadline);
  throw new Error(`Not within ${timeoutSeconds} s: ${what} (${last})`);
}

async function terminate(server: Reachable, pid: number, { database }: SessionOptions): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      await ask(server, "select pg_catalog.pg_terminate_backend($1)", [pid], database === undefined ? {} : { database });
      return;
    } catch (error) {
      // Anything but a lack of slots: the server is down, and the session with it.
      if (sqlStateOf(error) !== TOO_MANY_CONNECTIONS) return;
      await sleep(POLL_MS * 2);
    }
  }
}
