import type { Claim, RemedyArguments, RemedySpec } from "./cause.ts";
import type { Facts } from "./rule.ts";

/**
 * The two remedies that act on a session, with the cases in which they must not be offered: a cancel does nothing to a
 * session without a running statement, and neither is for backends that are not a client's, or whose start is hidden.
 */
export function terminateRoot(say: (claim: Claim) => string): RemedySpec {
  return {
    tool: "pg_terminate_session",
    effect: "destroy",
    say,
    arguments: (claim) => (isClient(claim.lead.facts["rootBackendType"]) ? rootArguments(claim) : null),
  };
}

export function cancelRoot(say: (claim: Claim) => string): RemedySpec {
  return {
    tool: "pg_cancel_query",
    effect: "write",
    say,
    arguments(claim) {
      const { facts } = claim.lead;
      // A backend that cannot send its answer looks at a cancel only when the client has read.
      if (facts["rootState"] !== "active" || facts["rootWaitEvent"] === "ClientWrite") return null;
      return isClient(facts["rootBackendType"]) ? rootArguments(claim) : null;
    },
  };
}

/** Cancels the statement that waits in front of a queue; `facts` of the lead name it as ddlPid, ddlBackendStart. */
export function cancelWaitingStatement(say: (claim: Claim) => string): RemedySpec {
  return {
    tool: "pg_cancel_query",
    effect: "write",
    say,
    arguments({ lead: { facts } }) {
      const { ddlPid: pid, ddlBackendStart: backendStart, ddlBackendType: backendType } = facts;
      return isClient(backendType) && typeof pid === "number" && typeof backendStart === "string" && backendStart !== ""
        ? { pid, backendStart }
        : null;
    },
  };
}

function rootArguments({ object }: Claim): RemedyArguments | null {
  return object?.kind === "session" && object.backendStart !== "" ? { pid: object.pid, backendStart: object.backendStart } : null;
}

function isClient(backendType: Facts[string] | undefined): boolean {
  return backendType === "client backend";
}

export function numberOf(facts: Facts, name: string): number {
  const fact = facts[name];
  return typeof fact === "number" ? fact : 0;
}

export function textOf(facts: Facts, name: string): string {
  const fact = facts[name];
  return fact === null || fact === undefined ? "" : String(fact);
}

/** What the claim's object is called in SQL and in sentences; empty without one. */
export function applicationOf({ object }: Claim): string {
  return object?.kind === "session" || object?.kind === "client" ? (object.application ?? "") : "";
}

export function roleOf({ object }: Claim): string | null {
  if (object?.kind === "session" || object?.kind === "client") return object.role ?? null;
  return object?.kind === "role" ? object.name : null;
}
