import { randomBytes } from "node:crypto";
import type { Approvals, Approver, Intent } from "./approval.ts";
import type { Audit, AuditRecord } from "./audit.ts";
import { isPlainObject, parseArguments, unknownTool } from "./call-arguments.ts";
import { cancelled, type Phase, withinSeconds } from "./deadline.ts";
import { ToolError } from "./errors.ts";
import type { Log } from "./log.ts";
import { decide, type Policy, type Verdict } from "./policy.ts";
import {
  type ActTool,
  DEFAULT_DEADLINE_SECONDS,
  type Plan,
  type Server,
  type Shape,
  type Target,
  type Tool,
  type Verification,
} from "./tool.ts";
import { redact, redactValue, strip, untrusted } from "./untrusted.ts";

/**
 * The one road: every call of every tool, from whatever door, comes through `invoke`.
 *
 * Parse, open the audit record, decide by policy, plan, ask, plan again, act, verify, close the record. Whatever goes
 * wrong leaves as a ToolError without a secret in it; nothing else is ever thrown.
 */
export interface Road {
  readonly policy: Policy;
  readonly audit: Audit;
  readonly approvals: Approvals;
  readonly log: Log;
}

export function createRoad(parts: Road): Road {
  return parts;
}

export interface Caller {
  /** "stdio", "http", "terminal", "in-process": where the call came in. */
  readonly door: string;
  /** Who: the subject of the bearer token, or the operator of the process. The policy and the approval are bound to it. */
  readonly subject: string;
}

export interface InvokeOptions {
  readonly caller: Caller;
  /** Fires when the caller withdraws the call. */
  readonly signal?: AbortSignal;
  readonly progress?: (message: string, done?: number, total?: number) => void;
  /** Reaches a person. Without one, what has to be asked ends as APPROVAL_REQUIRED and can be approved elsewhere. */
  readonly approver?: Approver | undefined;
}

export interface Answer {
  readonly tool: string;
  readonly target: string;
  /** What the tool's output schema describes; of a tool that acts, an `Acted`. */
  readonly structured: Readonly<Record<string, unknown>>;
  /** For eyes; not yet cut to any door's size. */
  readonly text: string;
  readonly durationMs: number;
}

/** What a tool that changed something answers. */
export interface Acted {
  readonly plan: Plan;
  /** Who agreed, or the rule of the policy that lets it go unattended. */
  readonly approvedBy: string;
  /** What the tool's own output schema describes. */
  readonly result: Readonly<Record<string, unknown>>;
  readonly verification: Verification;
}

export async function invoke<Context>(
  road: Road,
  server: Server<Context>,
  name: string,
  args: unknown,
  options: InvokeOptions,
): Promise<Answer> {
  const started = performance.now();
  const since = () => Math.round((performance.now() - started) * 100) / 100;
  const id = randomBytes(6).toString("hex");
  const tool = server.tools.find((one) => one.name === name);
  const given = isPlainObject(args) ? args : {};
  road.audit.note({
    kind: "call",
    call: id,
    door: options.caller.door,
    caller: options.caller.subject,
    server: server.name,
    tool: untrusted(name, 80),
    effect: tool?.effect ?? null,
    target: typeof given["target"] === "string" ? untrusted(given["target"], 80) : null,
    arguments: given,
  });
  try {
    if (tool === undefined) throw unknownTool(name, server);
    const { target, values } = parseArguments(tool, server, args);
    const verdict = decide(road.policy, { effect: tool.effect, tool: tool.name, target, caller: options.caller.subject });
    if (tool.effect !== "read" || verdict.rule !== "default") road.audit.note({ kind: "decision", call: id, ...verdict });
    if (verdict.decision === "deny") throw denied(tool, target, verdict);
    const run: Run<Context> = {
      road,
      server,
      id,
      target,
      values,
      options,
      seconds: tool.deadlineSeconds?.(values) ?? DEFAULT_DEADLINE_SECONDS,
    };
    const { structured, text, verification } = tool.effect === "read" ? await read(tool, run) : await act(tool, run, verdict);
    const outcome: AuditRecord = { kind: "outcome", call: id, outcome: "ok", durationMs: since() };
    if (tool.effect === "read") road.audit.note(outcome);
    else await closeRecord(road, { ...outcome, result: structured["result"], verification });
    return { tool: tool.name, target: target.name, structured, text, durationMs: since() };
  } catch (thrown) {
    const error = presentable(road.log, id, name, thrown);
    const outcome: AuditRecord = { kind: "outcome", call: id, outcome: error.code, because: error.message, durationMs: since() };
    if (tool === undefined || tool.effect === "read") road.audit.note(outcome);
    else await closeRecord(road, outcome);
    throw error;
  }
}

/** One call on its way. */
interface Run<Context> {
  readonly road: Road;
  readonly server: Server<Context>;
  readonly id: string;
  readonly target: Target;
  readonly values: Readonly<Record<string, unknown>>;
  readonly options: InvokeOptions;
  readonly seconds: number;
}

interface Outcome {
  readonly structured: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly verification?: Verification;
}

type Reads<Context> = Extract<Tool<Context>, { effect: "read" }>;

async function read<Context>(tool: Reads<Context>, run: Run<Context>): Promise<Outcome> {
  const result = await phase(run, (context) => tool.run(run.values, context));
  return { structured: redactRecord(result), text: redact(strip(await tool.render(result))) };
}

async function act<Context>(tool: ActTool<Context, Shape, Shape>, run: Run<Context>, verdict: Verdict): Promise<Outcome> {
  const { road, server, id, target, values, options } = run;
  const planned = await phase(run, (context) => tool.plan(values, context));
  const intent: Intent = { server: server.name, tool: tool.name, target: target.name, arguments: values, caller: options.caller.subject };
  const approval = verdict.decision === "ask" ? await approve(tool, run, intent, planned) : undefined;

  let isBegun = false;
  const done = phase(run, async (context, throwIfWithdrawn) => {
    const plan = approval === undefined ? planned : await tool.plan(values, context);
    const approvedBy =
      approval === undefined ? `policy rule "${verdict.rule}"` : ((await road.approvals.redeem(approval, intent, plan)).by ?? "");
    await recordAct(road, { kind: "act", call: id, plan, approvedBy });
    throwIfWithdrawn();
    isBegun = true;
    const result = await tool.run(values, context, plan);
    const verification = await tool.verify(values, context, plan).catch((thrown: unknown) => unverified(road.log, id, thrown));
    const acted: Acted = { plan, approvedBy, result, verification };
    const text = `${await tool.render(result)}\n${verification.worked ? "Verified" : "Not verified"}: ${verification.says}\nApproved by ${approvedBy}.`;
    return { structured: redactRecord({ ...acted }), text: redact(strip(text)), verification };
  });
  return done.catch((thrown: unknown) => {
    throw isBegun ? uncertain(thrown) : thrown;
  });
}

/** The id of an approval that can be redeemed, after asking whoever can be asked. */
async function approve<Context>(tool: ActTool<Context, Shape, Shape>, run: Run<Context>, intent: Intent, plan: Plan): Promise<string> {
  const { road, id, target, options } = run;
  const standing = await road.approvals.standing(intent, plan).catch(unwritable);
  if (standing?.state === "approved") return standing.id;
  if (standing?.state === "refused") throw refused(standing.by ?? "a person", standing.expiresAt);

  const request = await road.approvals.request(intent, plan).catch(unwritable);
  const asked = { name: tool.name, title: tool.title, effect: tool.effect };
  const answer = (await options.approver?.ask(request.plan, asked, target, options.signal ?? NEVER)) ?? "nobody-there";
  if (options.signal?.aborted === true) throw cancelled();
  const by = `${options.caller.subject} (${options.approver?.name ?? options.caller.door})`;
  road.audit.note({ kind: "approval", call: id, approval: request.id, answer, by, plan });
  if (answer === "nobody-there") {
    throw new ToolError("APPROVAL_REQUIRED", `A person has to agree first: ${plan.summary}`, {
      hint: `A person can run \`helpdesk approve ${request.id}\` until ${request.expiresAt}; then make the same call again.`,
      details: { approvalId: request.id, expiresAt: request.expiresAt, plan: request.plan },
    });
  }
  await road.approvals.decide(request.id, answer, by);
  if (answer === "refused") throw refused(by, request.expiresAt);
  return request.id;
}

const NEVER = new AbortController().signal;

/** One stretch of work under the deadline, with a context of its own: a person may take minutes between two of them. */
function phase<Context, T>(run: Run<Context>, work: (context: Context, throwIfWithdrawn: () => void) => Promise<T>): Promise<T> {
  const { server, target, options, road, id } = run;
  const doing: Phase<T> = async (signal) => {
    const context = await server.open(target, { signal, progress: (...news) => options.progress?.(...news) });
    return work(context, () => signal.throwIfAborted());
  };
  const late = (cause: unknown) => road.log.debug("A tool ended after its call had been answered", { call: id, cause });
  return withinSeconds(run.seconds, options.signal, doing, late);
}

/** A durable record before the act, or no act. */
async function recordAct(road: Road, record: AuditRecord): Promise<void> {
  await road.audit.write(record).catch(unwritable);
}

function unwritable(cause: unknown): never {
  throw new ToolError("INVALID_CONFIGURATION", "The state folder cannot be written, so nothing was done", {
    hint: "What is asked, approved and done is recorded there first. `helpdesk doctor` names the folder; make it writable, with room on its disk, and start this server again.",
    cause,
  });
}

/** The act is done: that its record could not be closed is logged, and the answer still told. */
async function closeRecord(road: Road, record: AuditRecord): Promise<void> {
  try {
    await road.audit.write(record);
  } catch (cause) {
    road.log.error("The outcome of an act could not be recorded", { call: record.call, cause });
  }
}

function denied<Context>(tool: Tool<Context>, target: Target, { because }: Verdict): ToolError {
  return new ToolError("DENIED", `${tool.name} on ${target.name} (${target.environment}) is denied: ${because}`, {
    hint: "Only the operator can change that, in the policy file. Report what should be done instead of trying another way.",
  });
}

function refused(by: string, until: string): ToolError {
  return new ToolError("APPROVAL_REFUSED", `${by} said no, or did not answer; nothing was done`, {
    hint: `The answer stands until ${until} while the target stays as it is. Do not ask again; propose something else.`,
  });
}

/** Whatever ended the run of a change early, it may have happened: nobody should repeat it without looking. */
function uncertain(thrown: unknown): unknown {
  if (!(thrown instanceof ToolError) || (thrown.code !== "TIMED_OUT" && thrown.code !== "CANCELLED" && thrown.code !== "UNREACHABLE"))
    return thrown;
  const { code, message, details } = thrown;
  return new ToolError(code, `${message}; the change may have been made`, { hint: LOOK, cause: thrown, ...(details && { details }) });
}

const LOOK = "Look at the target before trying again: the change may have been made.";

function unverified(log: Log, call: string, cause: unknown): Verification {
  log.warn("A change could not be verified", { call, cause });
  return { worked: false, says: "the change was made, but looking again failed", after: null };
}

/** A ToolError with nothing in it that a target could have put there unseen; anything else as INTERNAL, with its id in the log. */
function presentable(log: Log, id: string, name: string, thrown: unknown): ToolError {
  if (!(thrown instanceof ToolError)) {
    log.error("A tool failed in a way that it should not", { call: id, tool: name, cause: thrown });
    return new ToolError("INTERNAL", `${untrusted(name, 80)} failed; the log has the reason under ${id}`, {
      hint: "This is a defect of ours. The other tools are not affected.",
    });
  }
  if (thrown.cause !== undefined) log.info("A call failed", { call: id, tool: name, code: thrown.code, cause: thrown.cause });
  return new ToolError(thrown.code, untrusted(thrown.message, 1_000), {
    ...(thrown.hint !== undefined && { hint: untrusted(thrown.hint, 1_000) }),
    ...(thrown.details !== undefined && { details: redactRecord(thrown.details) }),
  });
}

function redactRecord(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const clean = redactValue(value);
  return isPlainObject(clean) ? clean : {};
}
