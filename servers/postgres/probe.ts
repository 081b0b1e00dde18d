import type { Evidence, EvidenceId, Gathered, Unseen, UnseenReason } from "../../diagnosis/evidence.ts";
import type { Sql } from "./sql.ts";

/** What is known of the server before any probe runs: one cheap query when a connection is made. */
export interface ServerFacts {
  /** server_version_num: 150018. */
  readonly versionNum: number;
  readonly version: string;
  readonly inRecovery: boolean;
  readonly database: string;
  readonly role: string;
  readonly superuser: boolean;
  /** Member of pg_monitor (or superuser). */
  readonly monitor: boolean;
  readonly blockBytes: number;
  readonly backendPid: number;
  readonly backendStart: string;
}

/**
 * What a probe is given. Its statements are read only, time out after 2 s (say more with `withTimeout`), and wait for
 * a lock 200 ms at most.
 */
export interface ProbeContext {
  readonly sql: Sql;
  readonly server: ServerFacts;
  /** What the inventory says of the target. */
  readonly target: ProbeTarget;
  /** Fires when the deadline passes or the caller withdraws; statements are then cancelled in the server. */
  readonly signal: AbortSignal;
  /** The same, with another statement timeout. */
  withTimeout(milliseconds: number): Sql;
  /** Notes a part that was left out: "public.orders: locked". */
  skip(what: string): void;
  /** Backends of this process on this server: they are not the patient's. */
  readonly ownPids: readonly number[];
  /** How long a probe that samples goes on (0: it looks once), and how often it looks. */
  readonly sampling: { readonly seconds: number; readonly intervalMs: number };
  /** Rejects, with the signal's reason, when `signal` fires meanwhile. */
  sleep(milliseconds: number): Promise<void>;
}

export interface ProbeTarget {
  readonly name: string;
  readonly expectedRole: "primary" | "standby" | null;
}

/**
 * A probe touches the world and judges nothing. `begin` takes the first reading of counters, `run` the second, after
 * the sampling time; a probe without `begin` runs while others' sampling time passes.
 *
 * It throws `CannotLook` where the role, the version or an absent extension keeps it from looking; any other error is
 * mapped from its SQLSTATE (42501 no-permission, 57014 timed-out, 55P03 locked, ...). One failed probe never ends a run.
 */
export interface Probe<Id extends EvidenceId = EvidenceId, First = unknown> {
  readonly id: Id;
  begin?(context: ProbeContext): Promise<First>;
  run(context: ProbeContext, first: First, elapsedSeconds: number): Promise<Evidence[Id]>;
}

export function defineProbe<const Id extends EvidenceId, First = undefined>(probe: Probe<Id, First>): Probe<Id, First> {
  return probe;
}

export class CannotLook extends Error {
  override readonly name = "CannotLook";
  readonly because: UnseenReason;
  readonly hint: string;

  constructor(because: UnseenReason, message: string, hint: string) {
    super(message);
    this.because = because;
    this.hint = hint;
  }
}

export type Collected = Gathered<Evidence[EvidenceId]>;

export function unseen(because: UnseenReason, message: string, hint: string, durationMs = 0): Unseen {
  return { outcome: "unseen", durationMs, because, message, hint };
}
