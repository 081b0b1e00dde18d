import { z } from "zod";
import type { DiagnosedCause, DiagnosedRemedy } from "../diagnosis/diagnosis.ts";
import type { Snapshot } from "../diagnosis/evidence.ts";
import { duration } from "../diagnosis/report/quantity.ts";
import { isParked } from "../diagnosis/slot-holders.ts";
import type { Approver } from "../kernel/approval.ts";
import { ToolError } from "../kernel/errors.ts";
import { type Caller, invoke, type Road } from "../kernel/invoke.ts";
import type { Server } from "../kernel/tool.ts";

/**
 * One proposed remedy, carried out through the one road: policy, approval, audit and verification are its business.
 * What can be expected to go otherwise is an outcome, not an error; only the caller's own withdrawal is thrown.
 */
export type Remedied =
  /** `worked` is what a second look at the object itself said. */
  | { readonly kind: "done"; readonly worked: boolean; readonly did: string; readonly says: string; readonly approvedBy: string }
  /** What it was about is gone, or has changed since: nothing was done, and it may not be needed any more. */
  | { readonly kind: "gone"; readonly says: string }
  | { readonly kind: "refused"; readonly says: string }
  /** `hint` says what to do about it. */
  | { readonly kind: "failed"; readonly code: string; readonly says: string; readonly hint: string };

export interface RemedyRoad<Context> {
  readonly road: Road;
  readonly server: Server<Context>;
  readonly target: string;
  readonly caller: Caller;
  readonly approver: Approver | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function carryOut<Context>(to: RemedyRoad<Context>, remedy: DiagnosedRemedy): Promise<Remedied> {
  const { road, server, target, caller, approver, signal } = to;
  try {
    const answer = await invoke(
      road,
      server,
      remedy.tool,
      { ...remedy.arguments, target },
      { caller, approver, ...(signal && { signal }) },
    );
    const { plan, approvedBy, verification } = Acted.parse(answer.structured);
    return { kind: "done", worked: verification.worked, did: plan.summary, says: verification.says, approvedBy };
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.code === "CANCELLED") throw thrown;
    return outcomeOf(thrown);
  }
}

const Acted = z.object({
  plan: z.object({ summary: z.string() }),
  approvedBy: z.string(),
  verification: z.object({ worked: z.boolean(), says: z.string() }),
});

function outcomeOf({ code, message, hint = "" }: ToolError): Remedied {
  switch (code) {
    case "NOT_FOUND":
    case "PLAN_VOID":
      return { kind: "gone", says: message };
    case "APPROVAL_REFUSED":
      return { kind: "refused", says: message };
    default:
      return { kind: "failed", code, says: message, hint };
  }
}

/**
 * What to do next about a cause: the first kind of remedy of which something is left to try, for every session that it
 * fits. The list of a cause is in the order in which a DBA would try them.
 */
export function nextRemedies(cause: DiagnosedCause, snapshot: Snapshot, tried: ReadonlySet<string>): readonly DiagnosedRemedy[] {
  const left = cause.remedies.flatMap((remedy) => [remedy, ...alike(remedy, cause, snapshot)]).filter((one) => !tried.has(remedyKey(one)));
  const unique = new Map(left.map((remedy) => [remedyKey(remedy), remedy]));
  return [...unique.values()].filter(({ tool }) => tool === left[0]?.tool);
}

/** A cause about a client proposes to end its longest parked session; to be rid of the cause, the others must go as well. */
function alike({ tool, effect }: DiagnosedRemedy, { object }: DiagnosedCause, snapshot: Snapshot): DiagnosedRemedy[] {
  const sessions = snapshot.evidence["pg.sessions"];
  if (tool !== "pg_terminate_session" || object?.kind !== "client" || sessions?.outcome !== "seen") return [];
  return sessions.value.idleInTransactionSessions
    .filter((session) => session.application === object.application && session.role === object.role && isParked(session))
    .map(({ pid, backendStart, application, stateAgeSeconds }) => ({
      tool,
      effect,
      arguments: { pid, backendStart },
      say: `End session ${pid} of "${application}", parked for ${duration(stateAgeSeconds ?? 0)}`,
    }));
}

export function remedyKey({ tool, arguments: given }: DiagnosedRemedy): string {
  return JSON.stringify([tool, Object.entries(given).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
