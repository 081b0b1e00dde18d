import { recogniseComplaint } from "../diagnosis/complaint.ts";
import { diagnose } from "../diagnosis/diagnose.ts";
import type { DiagnosedCause, DiagnosedFinding, DiagnosedRemedy, Diagnosis } from "../diagnosis/diagnosis.ts";
import { parseSnapshot, type Snapshot } from "../diagnosis/evidence.ts";
import type { Approver } from "../kernel/approval.ts";
import { type Caller, invoke, type Road } from "../kernel/invoke.ts";
import type { Plan, Server } from "../kernel/tool.ts";
import { type Emit, eventStream } from "./event-stream.ts";
import { carryOut, nextRemedies, type Remedied, remedyKey } from "./remedy.ts";

/**
 * One investigation of one target, as it happens. Terminal, web page, event stream and A2A are folds over these events.
 *
 * Gathers evidence through the server's own tools, diagnoses it, proposes; and where the caller wants remedies, carries
 * those of the first cause out, one after the other, each after the policy and a person agreed, then looks again.
 */
export type InvestigationEvent =
  | { readonly kind: "gathering"; readonly says: string; readonly done: number | null; readonly total: number | null }
  | { readonly kind: "gathered"; readonly snapshot: Snapshot; readonly diagnosis: Diagnosis }
  | { readonly kind: "found"; readonly finding: DiagnosedFinding }
  | { readonly kind: "cause"; readonly place: number; readonly cause: DiagnosedCause }
  | { readonly kind: "proposed"; readonly cause: DiagnosedCause; readonly remedy: DiagnosedRemedy }
  | { readonly kind: "approval-needed"; readonly remedy: DiagnosedRemedy; readonly plan: Plan }
  | { readonly kind: "remedied"; readonly remedy: DiagnosedRemedy; readonly outcome: Remedied }
  | { readonly kind: "verified"; readonly cause: DiagnosedCause; readonly isCured: boolean; readonly diagnosis: Diagnosis }
  | { readonly kind: "done"; readonly first: Look; readonly last: Look };

export interface Look {
  readonly snapshot: Snapshot;
  readonly diagnosis: Diagnosis;
}

export interface InvestigateOptions<Context> {
  readonly road: Road;
  readonly server: Server<Context>;
  readonly target: string;
  readonly caller: Caller;
  /** How long counters and waits are observed. */
  readonly seconds?: number | undefined;
  readonly symptom?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Left out: proposes only. */
  readonly remedies?: { readonly approver: Approver; readonly seconds?: number } | undefined;
}

/** Each round looks again; a cure that takes more rounds than this needs a person. */
const MAX_ROUNDS = 4;

export function investigate<Context>(options: InvestigateOptions<Context>): AsyncGenerator<InvestigationEvent, void, void> {
  return eventStream<InvestigationEvent>(async (emit, left) => {
    const signal = options.signal === undefined ? left : AbortSignal.any([options.signal, left]);
    const first = await look({ ...options, signal }, emit, options.seconds);
    for (const finding of first.diagnosis.findings) await emit({ kind: "found", finding });
    for (const [index, cause] of first.diagnosis.causes.entries()) {
      await emit({ kind: "cause", place: index + 1, cause });
      for (const remedy of cause.remedies) await emit({ kind: "proposed", cause, remedy });
    }
    const last = options.remedies === undefined ? first : await cure({ ...options, signal }, options.remedies, first, emit);
    await emit({ kind: "done", first, last });
  });
}

async function look<Context>(
  options: InvestigateOptions<Context>,
  emit: Emit<InvestigationEvent>,
  seconds: number | undefined,
): Promise<Look> {
  const { road, server, target, caller, signal, symptom } = options;
  const answer = await invoke(
    road,
    server,
    "pg_collect_evidence",
    { target, ...(seconds !== undefined && { seconds }) },
    {
      caller,
      ...(signal && { signal }),
      progress: (says, done, total) => void emit({ kind: "gathering", says, done: done ?? null, total: total ?? null }),
    },
  );
  const snapshot = withComplaint(parseSnapshot(answer.structured), symptom);
  const seen = { snapshot, diagnosis: diagnose(snapshot) };
  await emit({ kind: "gathered", ...seen });
  return seen;
}

/** What a person said is evidence of the investigation, not of the server. */
function withComplaint(snapshot: Snapshot, symptom: string | undefined): Snapshot {
  if (symptom === undefined) return snapshot;
  const complaint = { outcome: "seen" as const, durationMs: 0, value: recogniseComplaint(symptom) };
  return { ...snapshot, evidence: { complaint, ...snapshot.evidence } };
}

/** Works on the first cause until it is gone, nothing is left to try, or a person said no. */
async function cure<Context>(
  options: InvestigateOptions<Context>,
  { approver, seconds }: NonNullable<InvestigateOptions<Context>["remedies"]>,
  first: Look,
  emit: Emit<InvestigationEvent>,
): Promise<Look> {
  const cause = first.diagnosis.causes.find(({ remedies }) => remedies.length > 0);
  if (cause === undefined) return first;
  const tried = new Set<string>();
  let last = first;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const standing = last.diagnosis.causes.find((one) => isSameCause(one, cause));
    const remedies = standing === undefined ? [] : nextRemedies(standing, last.snapshot, tried);
    if (remedies.length === 0) break;
    const { acted, isRefused } = await carryOutAll(options, approver, remedies, tried, emit);
    if (isRefused && acted === 0) break;
    last = await look(options, emit, seconds ?? options.seconds);
    const isCured = !last.diagnosis.causes.some((one) => isSameCause(one, cause));
    await emit({ kind: "verified", cause, isCured, diagnosis: last.diagnosis });
    if (isCured || isRefused) break;
  }
  return last;
}

/** When a person said no, the rest is not asked for either. */
async function carryOutAll<Context>(
  options: InvestigateOptions<Context>,
  approver: Approver,
  remedies: readonly DiagnosedRemedy[],
  tried: Set<string>,
  emit: Emit<InvestigationEvent>,
): Promise<{ acted: number; isRefused: boolean }> {
  let acted = 0;
  const { road, server, target, caller, signal } = options;
  for (const remedy of remedies) {
    tried.add(remedyKey(remedy));
    const announced: Approver = {
      name: approver.name,
      ask: async (plan, ...rest) => {
        await emit({ kind: "approval-needed", remedy, plan });
        return approver.ask(plan, ...rest);
      },
    };
    const outcome = await carryOut({ road, server, target, caller, approver: announced, signal }, remedy);
    await emit({ kind: "remedied", remedy, outcome });
    if (outcome.kind === "refused") return { acted, isRefused: true };
    if (outcome.kind === "done") acted += 1;
  }
  return { acted, isRefused: false };
}

/** The same trouble, whatever session it is about by now: a leaking pool leaks from another one next. */
function isSameCause(a: DiagnosedCause, b: DiagnosedCause): boolean {
  return a.id === b.id;
}
