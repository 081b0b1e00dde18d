import { Socket } from "node:net";
import type pg from "pg";
import type { PgConnect } from "../../diagnosis/evidence/pg-connection.ts";
import { type Login, logIn } from "./connect.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { ServerFacts } from "./probe.ts";
import { selectServerFacts } from "./queries/server-facts.ts";
import { makeSql, type Sql, type Statement } from "./sql.ts";
import { parseValue } from "./values.ts";

/**
 * One database of the inventory: its few connections, of which one is kept warm, so that exhausted slots do not blind
 * a process that was there before. It is the only place that sends anything to PostgreSQL.
 */
export interface Database {
  /** A connection for one's own use. Takes an idle one, else logs in. Throws CannotConnect. */
  lease(signal: AbortSignal): Promise<Lease>;
  /** A connection from before, where one is idle. Never logs in. */
  leaseIdle(): Lease | null;
  /** A new login, whatever is idle: whether one can log in now is evidence. */
  leaseFresh(signal: AbortSignal): Promise<{ evidence: PgConnect; lease: Lease | null }>;
  /** Backends of ours, busy or idle. */
  ownPids(): readonly number[];
  close(): Promise<void>;
}

export interface Lease extends Disposable {
  readonly facts: ServerFacts;
  sql(options: RunOptions): Sql;
  run(statement: Statement, options: RunOptions): Promise<readonly object[]>;
  /** False once the connection is lost. */
  isAlive(): boolean;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** statement_timeout. */
  readonly timeoutMs?: number;
  /** "write": a transaction that is committed. Only for tools that act, after approval. */
  readonly mode?: "read" | "write";
}

export class CannotConnect extends Error {
  override readonly name = "CannotConnect";
  readonly evidence: PgConnect;

  constructor(evidence: PgConnect, cause: Error) {
    super(evidence.message ?? "no connection", { cause });
    this.evidence = evidence;
  }
}

/** At most so many connections to one database: a diagnosis takes two, and calls beside it must not wait for it. */
const MOST_CONNECTIONS = 5;
/** Beyond the first, an idle connection is closed after this. */
const IDLE_MS = 10_000;
const DEFAULT_STATEMENT_TIMEOUT_MS = 2000;
/** Long enough for a lock that is handed on, short enough never to be a link in the patient's queue. */
const LOCK_TIMEOUT_MS = 200;
/** After a cancel request, until the connection is thrown away. */
const CANCEL_GRACE_MS = 1000;

interface Backend {
  readonly client: pg.Client;
  readonly facts: ServerFacts;
  alive: boolean;
  idleSince: number;
}

export function openDatabase(settings: ConnectionSettings): Database {
  const idle: Backend[] = [];
  const all = new Set<Backend>();
  const waiting: (() => void)[] = [];
  let loggingIn = 0;
  let closed = false;

  const discard = (backend: Backend) => {
    backend.alive = false;
    all.delete(backend);
    const at = idle.indexOf(backend);
    if (at >= 0) idle.splice(at, 1);
    backend.client.end().catch(() => undefined);
    waiting.shift()?.();
  };

  const adopt = async ({ client }: Extract<Login, { client: pg.Client }>, signal: AbortSignal): Promise<Backend> => {
    const ask = makeSql((statement) => run(client, settings, statement, { signal, mode: "read", timeoutMs: DEFAULT_STATEMENT_TIMEOUT_MS }));
    const facts = await selectServerFacts(ask);
    const backend: Backend = { client, facts, alive: true, idleSince: 0 };
    all.add(backend);
    const lost = () => discard(backend);
    client.once("error", lost);
    client.once("end", lost);
    return backend;
  };

  const runOn = async (backend: Backend, statement: Statement, options: RunOptions): Promise<readonly object[]> => {
    const { signal, timeoutMs = DEFAULT_STATEMENT_TIMEOUT_MS, mode = "read" } = options;
    try {
      return await run(backend.client, settings, statement, { signal, timeoutMs, mode });
    } catch (error) {
      if (signal.aborted || !isFromServer(error)) discard(backend);
      throw error;
    }
  };

  const leaseOf = (backend: Backend): Lease => ({
    facts: backend.facts,
    isAlive: () => backend.alive,
    run: (statement, options) => runOn(backend, statement, options),
    sql: (options) => makeSql((statement) => runOn(backend, statement, options)),
    [Symbol.dispose]() {
      if (!backend.alive || idle.includes(backend)) return;
      if (closed) return discard(backend);
      backend.idleSince = performance.now();
      idle.push(backend);
      waiting.shift()?.();
    },
  });

  /** Idle connections beyond the warm one. */
  const sweep = setInterval(() => {
    for (const backend of idle.slice(1)) if (performance.now() - backend.idleSince > IDLE_MS) discard(backend);
  }, IDLE_MS / 2).unref();

  const login = async (signal: AbortSignal): Promise<{ evidence: PgConnect; backend: Backend | null; error: Error }> => {
    loggingIn += 1;
    try {
      const made = await logIn(settings, signal);
      if (made.client === null) return { evidence: made.evidence, backend: null, error: made.error };
      try {
        return { evidence: made.evidence, backend: await adopt(made, signal), error: new Error("unused") };
      } catch (thrown) {
        // Let in, and then silent or refused: a pooler without a server behind it looks like this.
        made.client.end().catch(() => undefined);
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        const sqlState = isFromServer(error) ? error.code : null;
        const errorCode = sqlState === null ? "ETIMEDOUT" : null;
        return {
          backend: null,
          error,
          evidence: { ...made.evidence, outcome: "failed", stage: "authenticate", sqlState, errorCode, message: error.message },
        };
      }
    } finally {
      loggingIn -= 1;
      waiting.shift()?.();
    }
  };

  return {
    async lease(signal) {
      for (;;) {
        signal.throwIfAborted();
        const warm = idle.shift();
        if (warm !== undefined) return leaseOf(warm);
        if (all.size + loggingIn < MOST_CONNECTIONS) break;
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      const { backend, evidence, error } = await login(signal);
      if (backend === null) throw new CannotConnect(evidence, error);
      return leaseOf(backend);
    },

    leaseIdle() {
      const warm = idle.shift();
      return warm === undefined ? null : leaseOf(warm);
    },

    async leaseFresh(signal) {
      const { backend, evidence } = await login(signal);
      return { evidence, lease: backend === null ? null : leaseOf(backend) };
    },

    ownPids: () => [...all].map(({ facts }) => facts.backendPid),

    async close() {
      closed = true;
      clearInterval(sweep);
      await Promise.allSettled([...all].map(async (backend) => discard(backend)));
    },
  };
}

/** An error that PostgreSQL sent, as against one of the network's or the driver's. */
export function isFromServer(error: unknown): error is Error & { readonly code: string; readonly severity: string } {
  return (
    error instanceof Error && "severity" in error && typeof error.severity === "string" && "code" in error && typeof error.code === "string"
  );
}

type Running = Required<RunOptions>;

/** The driver has it, its types do not: without it, a statement without parameters goes by the simple protocol, which takes several. */
interface ExtendedQuery extends pg.QueryConfig {
  readonly queryMode: "extended";
}

/**
 * One statement in a transaction of its own. The three messages are sent at once (the driver's pipeline), so that the
 * guard costs no round trip. PostgreSQL enforces READ ONLY; a reader's transaction is rolled back whatever happened.
 */
async function run(client: pg.Client, settings: ConnectionSettings, statement: Statement, options: Running): Promise<readonly object[]> {
  const { signal, mode, timeoutMs } = options;
  signal.throwIfAborted();
  const begin = client.query(opening(mode, Math.ceil(timeoutMs)));
  const asked: ExtendedQuery = { text: statement.text, values: [...statement.values], queryMode: "extended", types: VALUES };
  const query = client.query<object>(asked);
  const end = client.query(mode === "read" ? "rollback" : "commit");
  const done = Promise.allSettled([begin, query, end]);

  const cancel = () => {
    cancelInServer(client, settings);
    setTimeout(() => client.connection.stream.destroy(), CANCEL_GRACE_MS).unref();
  };
  signal.addEventListener("abort", cancel, { once: true });
  const withdrawn = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  try {
    const [begun, answered, ended] = await Promise.race([done, withdrawn]);
    if (begun.status === "rejected") throw begun.reason;
    if (answered.status === "rejected") throw answered.reason;
    if (ended.status === "rejected") throw ended.reason;
    return answered.value.rows;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

const VALUES = { getTypeParser: parseValue };

/** search_path is fixed so that nobody's function or operator can take the place of PostgreSQL's own. */
function opening(mode: "read" | "write", timeoutMs: number): string {
  return [
    mode === "read" ? "begin transaction read only" : "begin transaction read write",
    `set local statement_timeout = ${timeoutMs}`,
    `set local lock_timeout = ${LOCK_TIMEOUT_MS}`,
    `set local idle_in_transaction_session_timeout = ${timeoutMs + 5000}`,
    "set local search_path = pg_catalog",
    "set local timezone = 'UTC'",
    "set local datestyle = 'ISO'",
    // On a catalog of 200,000 relations parallel workers cost 140 ms of CPU more than they saved in time.
    "set local max_parallel_workers_per_gather = 0",
    "set local jit = off",
  ].join("; ");
}

/** CancelRequest (protocol, "Canceling Requests in Progress"): a connection of its own, no answer. */
function cancelInServer(client: pg.Client & { processID?: unknown; secretKey?: unknown }, { host, port }: ConnectionSettings): void {
  if (typeof client.processID !== "number" || typeof client.secretKey !== "number") return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80_877_102, 4);
  request.writeInt32BE(client.processID, 8);
  request.writeInt32BE(client.secretKey, 12);
  const socket = new Socket();
  socket.on("error", () => undefined);
  const send = () => socket.end(request);
  if (host.startsWith("/")) socket.connect(`${host}/.s.PGSQL.${port}`, send);
  else socket.connect(port, host, send);
  socket.unref();
}
