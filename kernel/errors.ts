/**
 * What went wrong, in one shape for every door: MCP result, command line, web.
 *
 * `message` says what happened, in our words; `hint` says the next useful call or command. Whatever a target said
 * (and it may hold a secret) goes into `cause`, which reaches the log only.
 */
export const ERROR_CODES = {
  UNKNOWN_TARGET: "The name is not in the inventory.",
  UNKNOWN_TOOL: "No tool of this server has that name.",
  INVALID_ARGUMENT: "An argument does not fit the tool's schema.",
  INVALID_CONFIGURATION: "The inventory, the policy or the environment is not usable; says file, line and what was expected.",
  DENIED: "The policy does not allow this effect on this target.",
  APPROVAL_REQUIRED: "A person has to agree first, and none could be asked through this door; carries the plan.",
  APPROVAL_REFUSED: "A person was asked and said no, or did not answer in time.",
  PLAN_VOID: "The target is no longer in the state that was planned for; nothing was done.",
  NOT_FOUND: "The object that the call names is not there.",
  NO_PERMISSION: "The target refused: the role lacks a grant; says which.",
  UNREACHABLE: "No connection to the target; says how far it got.",
  TIMED_OUT: "The deadline passed; what was running in the target was cancelled.",
  CANCELLED: "The caller withdrew the call; what was running in the target was cancelled.",
  UNSUPPORTED: "The target's version or flavour cannot do this.",
  LIMIT_EXCEEDED: "A size, rate or concurrency limit was hit; says which and how to narrow.",
  INTERNAL: "A defect of ours; the id in the message is in the log, with the cause.",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERROR_CODES;

export class ToolError extends Error {
  override readonly name = "ToolError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Data for programs: the plan of an APPROVAL_REQUIRED, the issues of an INVALID_ARGUMENT. Goes through redaction. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string; cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
    this.details = more.details;
  }
}
