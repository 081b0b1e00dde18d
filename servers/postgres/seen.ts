import type { Evidence, EvidenceId, Snapshot, UnseenReason } from "../../diagnosis/evidence.ts";
import { type ErrorCode, ToolError } from "../../kernel/errors.ts";

/** For a tool that shows one kind of evidence: its value, or the reason why it could not be seen, as an error. */
export function seen<Id extends EvidenceId>(snapshot: Snapshot, id: Id): Evidence[Id] {
  const gathered: Snapshot["evidence"][Id] = snapshot.evidence[id];
  if (gathered?.outcome === "seen") return gathered.value;
  if (gathered === undefined) throw new ToolError("INTERNAL", `${id} was not looked for`);
  const hint = gathered.because === "unreachable" ? "pg_diagnose says why there is no connection and what to do." : gathered.hint;
  throw new ToolError(CODES[gathered.because], `Could not look at ${snapshot.target}: ${gathered.message}`, { hint });
}

export function seenOrNull<Id extends EvidenceId>(snapshot: Snapshot, id: Id): Evidence[Id] | null {
  const gathered: Snapshot["evidence"][Id] = snapshot.evidence[id];
  return gathered?.outcome === "seen" ? gathered.value : null;
}

/** What was left out of it: "public.orders: locked". */
export function skippedIn(snapshot: Snapshot, id: EvidenceId): string[] {
  const gathered = snapshot.evidence[id];
  return gathered?.outcome === "seen" ? [...(gathered.skipped ?? [])] : [];
}

const CODES: Readonly<Record<UnseenReason, ErrorCode>> = {
  "no-permission": "NO_PERMISSION",
  "timed-out": "TIMED_OUT",
  unreachable: "UNREACHABLE",
  "extension-absent": "UNSUPPORTED",
  "version-too-old": "UNSUPPORTED",
  locked: "TIMED_OUT",
  "not-applicable": "UNSUPPORTED",
  "not-asked": "INTERNAL",
  failed: "INTERNAL",
};
