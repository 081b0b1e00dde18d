import { ToolError } from "../../kernel/errors.ts";
import { redact, strip } from "../../kernel/untrusted.ts";

/** What could not be done, for a person: what happened, what to do. Exit status 2; 130 when they stopped it themselves. */
export function reportFailure(thrown: unknown, { isVerbose }: { readonly isVerbose: boolean }): number {
  if (thrown instanceof ToolError) {
    complain(thrown.message, thrown.hint);
    return thrown.code === "CANCELLED" ? INTERRUPTED : COULD_NOT;
  }
  const hint = "This is a defect of helpdesk. HELPDESK_DEBUG=1 shows where it happened.";
  complain(`failed unexpectedly: ${thrown instanceof Error ? thrown.message : String(thrown)}`, isVerbose ? undefined : hint);
  if (isVerbose && thrown instanceof Error) process.stderr.write(`${redact(strip(thrown.stack ?? ""))}\n`);
  return COULD_NOT;
}

export const COULD_NOT = 2;
export const INTERRUPTED = 130;

/** Redacted here as well: an argument that was mistyped may hold a connection string. */
export function complain(message: string, hint?: string): void {
  const lines = [`helpdesk: ${message}`, ...(hint === undefined || hint === "" ? [] : [hint.replace(/^/gmu, "  ")])];
  process.stderr.write(`${redact(strip(lines.join("\n")))}\n`);
}

/** A wrong argument, in the same words as everything else that could not be done. */
export function usageError(message: string, hint: string): ToolError {
  return new ToolError("INVALID_ARGUMENT", message, { hint });
}
