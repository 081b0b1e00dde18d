import { recogniseComplaint } from "../../diagnosis/complaint.ts";
import type { PgConnect } from "../../diagnosis/evidence/pg-connection.ts";
import {
  type Evidence,
  type EvidenceId,
  type Gathered,
  SNAPSHOT_VERSION,
  type Snapshot,
  type UnseenReason,
} from "../../diagnosis/evidence.ts";
import type { Call } from "../../kernel/tool.ts";
import type { CollectOptions, PostgresTarget } from "./context.ts";
import { CannotConnect, type Database, isFromServer, type Lease } from "./database.ts";
import { CannotLook, type Probe, type ProbeContext, unseen } from "./probe.ts";
import { PROBES } from "./probes.ts";

const DEFAULT_SECONDS = 3;
const SAMPLING_INTERVAL_MS = 100;
/** For everything but the sampling: after it, what has not been seen is unseen because it timed out. */
export const COLLECT_BUDGET_SECONDS = 8;

/**
 * Gathers evidence over two connections at the most: one samples waits, the other reads counters, looks at everything
 * else while time passes, and reads the counters again. It never throws because of the target: that is evidence.
 */
export async function collect(database: Database, target: PostgresTarget, call: Call, options: CollectOptions = {}): Promise<Snapshot> {
  const begun = performance.now();
  const takenAt = new Date().toISOString();
  const seconds = options.seconds ?? DEFAULT_SECONDS;
  const wanted = (id: EvidenceId) => options.only === undefined || options.only.includes(id);
  const probes: readonly Probe[] = PROBES.filter(({ id }) => wanted(id));
  const deadline = AbortSignal.any([call.signal, AbortSignal.timeout((seconds + COLLECT_BUDGET_SECONDS) * 1000)]);

  const gathered = new Map<EvidenceId, Gathered<Evidence[EvidenceId]>>();
  const seen = (id: EvidenceId, value: Evidence[EvidenceId], since: number, skipped: readonly string[] = []) => {
    gathered.set(id, { outcome: "seen", durationMs: performance.now() - since, value, ...(skipped.length > 0 && { skipped }) });
    call.progress(`seen ${id}`, gathered.size, probes.length);
  };
  const notSeen = (id: EvidenceId, error: unknown, since: number) => {
    gathered.set(id, { ...reasonOf(error, deadline), durationMs: performance.now() - since });
    call.progress(`could not see ${id}`, gathered.size, probes.length);
  };

  if (options.complaint !== undefined) seen("complaint", recogniseComplaint(options.complaint), begun);

  call.progress("connecting", 0, probes.length);
  let refused: PgConnect | null = null;
  const nothing = (error: unknown) => {
    refused = error instanceof CannotConnect ? error.evidence : null;
    return null;
  };
  // Whether one can log in now is evidence; who asks for something else takes the connection that is there.
  const fresh = wanted("pg.connect") ? await database.leaseFresh(deadline) : null;
  if (fresh !== null) seen("pg.connect", fresh.evidence, begun);
  // A connection from before sees what a new one is not let in to see.
  const main = fresh === null ? await database.lease(deadline).catch(nothing) : (fresh.lease ?? database.leaseIdle());

  if (main === null) {
    for (const { id } of probes) gathered.set(id, withoutConnection(fresh?.evidence ?? refused));
  } else {
    const samples = probes.some(({ id }) => id === "pg.waits") && probes.length > 1;
    const second = samples ? await database.lease(deadline).catch(() => null) : null;
    try {
      await look({ probes, main, second, database, target, seconds, deadline, seen, notSeen });
    } finally {
      main[Symbol.dispose]();
      second?.[Symbol.dispose]();
    }
  }
  call.signal.throwIfAborted();
  return {
    schemaVersion: SNAPSHOT_VERSION,
    target: target.name,
    takenAt,
    durationMs: performance.now() - begun,
    evidence: Object.fromEntries(gathered),
  };
}

interface Looking {
  readonly probes: readonly Probe[];
  readonly main: Lease;
  readonly second: Lease | null;
  readonly database: Database;
  readonly target: PostgresTarget;
  readonly seconds: number;
  readonly deadline: AbortSignal;
  seen(id: EvidenceId, value: Evidence[EvidenceId], since: number, skipped: readonly string[]): void;
  notSeen(id: EvidenceId, error: unknown, since: number): void;
}

async function look(looking: Looking): Promise<void> {
  const { probes, main, second, seconds, deadline } = looking;
  const sampler = probes.filter(({ id }) => id === "pg.waits");
  const twice = probes.filter((probe) => probe.begin !== undefined);
  const once = probes.filter((probe) => !sampler.includes(probe) && !twice.includes(probe));

  const first = new Map<Probe, { readonly value: unknown; readonly at: number }>();
  const begin = async () => {
    for (const probe of twice) {
      const at = performance.now();
      try {
        first.set(probe, { value: await probe.begin?.(contextOf(looking, main).context), at: performance.now() });
      } catch (error) {
        looking.notSeen(probe.id, error, at);
      }
    }
  };
  const sampling = (lease: Lease) => inTurn(looking, sampler, lease);
  const finish = async () => {
    const begunAt = Math.max(...[...first.values()].map(({ at }) => at), 0);
    if (first.size > 0) await pause(begunAt + seconds * 1000 - performance.now(), deadline);
    for (const [probe, { value, at }] of first) await see(looking, probe, main, value, (performance.now() - at) / 1000);
  };

  if (second === null) {
    await begin();
    await inTurn(looking, once, main);
    await sampling(main);
    await finish();
    return;
  }
  await Promise.all([
    sampling(second),
    (async () => {
      await begin();
      await inTurn(looking, once, main);
      await finish();
    })(),
  ]);
}

async function inTurn(looking: Looking, probes: readonly Probe[], lease: Lease): Promise<void> {
  for (const probe of probes) await see(looking, probe, lease, undefined, 0);
}

async function see(looking: Looking, probe: Probe, lease: Lease, first: unknown, elapsedSeconds: number): Promise<void> {
  const since = performance.now();
  const { context, skipped } = contextOf(looking, lease);
  try {
    looking.deadline.throwIfAborted();
    const value = await probe.run(context, first, elapsedSeconds).catch((error: unknown) => {
      // Replay on a standby cancels whoever reads what it has to change, us included: once is chance.
      if (isFromServer(error) && error.code === SERIALIZATION_FAILURE) return probe.run(context, first, elapsedSeconds);
      throw error;
    });
    looking.seen(probe.id, value, since, skipped);
  } catch (error) {
    looking.notSeen(probe.id, error, since);
  }
}

function contextOf({ database, target, seconds, deadline }: Looking, lease: Lease): { context: ProbeContext; skipped: string[] } {
  const skipped: string[] = [];
  const context: ProbeContext = {
    sql: lease.sql({ signal: deadline }),
    server: lease.facts,
    target,
    signal: deadline,
    ownPids: database.ownPids(),
    sampling: { seconds, intervalMs: SAMPLING_INTERVAL_MS },
    withTimeout: (timeoutMs) => lease.sql({ signal: deadline, timeoutMs }),
    sleep: (milliseconds) => pause(milliseconds, deadline),
    skip: (what) => void skipped.push(what),
  };
  return { context, skipped };
}

const SERIALIZATION_FAILURE = "40001";

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (milliseconds <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Why a probe could not look, by SQLSTATE (manual, appendix A). */
const REASONS: Readonly<Record<string, readonly [UnseenReason, string, string]>> = {
  "42501": ["no-permission", "the role may not read this", "grant pg_monitor to the role"],
  "57014": ["timed-out", "the statement took longer than it may", "look again when the server is less busy"],
  "55P03": ["locked", "somebody holds or awaits an exclusive lock on it", "look again when the lock is gone"],
  "42P01": ["extension-absent", "the relation is not there", ""],
  "42883": ["extension-absent", "the function is not there", ""],
  "57P01": ["unreachable", "the server ended our connection", "look again: it was shut down, or somebody terminated us"],
};

function withoutConnection(refused: PgConnect | null) {
  const how = refused === null ? "" : ` to ${refused.host}:${refused.port} (${refused.sqlState ?? refused.errorCode})`;
  return unseen("unreachable", `there is no connection${how}`, "what pg.connect says has to be mended first");
}

function reasonOf(error: unknown, deadline: AbortSignal) {
  if (error instanceof CannotLook) return unseen(error.because, error.message, error.hint);
  if (deadline.aborted) return unseen("timed-out", "the time for looking was over", "look again, or ask for this alone");
  if (!isFromServer(error)) return unseen("unreachable", "the connection was lost", "look again: the server may have restarted");
  const [because, message, hint] = REASONS[error.code] ?? ["failed", `the server answered with SQLSTATE ${error.code}`, ""];
  return unseen(because, message, hint);
}
