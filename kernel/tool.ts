import type { z } from "zod";

/**
 * A tool: one name, one effect, one type in, one type out.
 *
 * `run` returns data; `render` is for eyes; `serve.ts` makes structuredContent and text of them. The context
 * parameter's type is the tool's whole dependency list. MCP hints, policy, audit and exposure all derive from `effect`.
 */
export type Effect = "read" | "write" | "destroy";

export type Shape = Readonly<Record<string, z.ZodType>>;
export type Values<S extends Shape> = z.output<z.ZodObject<S>>;
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What every call carries, whatever door it came through. */
export interface Call {
  /** Fires when the caller withdraws the call or its deadline passes: whatever runs in the target must be cancelled then. */
  readonly signal: AbortSignal;
  /** For work that takes longer than a second. `done` and `total` are counts of the same unit. */
  progress(message: string, done?: number, total?: number): void;
}

/** What a change will do, shown before anyone agrees to it. */
export interface Plan {
  /** One sentence: "Terminate session 4711 of app checkout (idle in transaction for 312 s)". Built from facts that we fetched. */
  readonly summary: string;
  /** The exact thing: pid and backendStart, name and resourceVersion. */
  readonly object: Json;
  readonly blastRadius: string;
  /** How to take it back, or that it cannot be. */
  readonly undo: string;
  /** The state that the approval is bound to; when a second look differs, the plan is void. */
  readonly observed: Json;
}

/** The second look, after the act. */
export interface Verification {
  readonly worked: boolean;
  readonly says: string;
  readonly after: Json;
}

interface Described<Input extends Shape, Output extends Shape> {
  /** `pg_noun` when it reads, `pg_verb_noun` when it changes. Equal to the file's name with underscores. */
  readonly name: string;
  readonly title: string;
  /** One or two sentences: what it returns, and when to use it. */
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  /** "program": left out of `tools/list` unless programs' tools are asked for. Callable all the same. */
  readonly audience?: "program";
  /** Seconds from call to TIMED_OUT; DEFAULT_DEADLINE_SECONDS when left out. */
  deadlineSeconds?(args: Values<Input>): number;
  /** A promise where a report's code is loaded for it: listing tools must not wait for that. */
  render(result: Values<Output>): string | Promise<string>;
}

export interface ReadTool<Context, Input extends Shape, Output extends Shape> extends Described<Input, Output> {
  readonly effect: "read";
  run(args: Values<Input>, context: Context): Promise<Values<Output>>;
}

export interface ActTool<Context, Input extends Shape, Output extends Shape> extends Described<Input, Output> {
  readonly effect: "write" | "destroy";
  /** Looks, and touches nothing. Throws NOT_FOUND when there is nothing to act upon. */
  plan(args: Values<Input>, context: Context): Promise<Plan>;
  run(args: Values<Input>, context: Context, plan: Plan): Promise<Values<Output>>;
  verify(args: Values<Input>, context: Context, plan: Plan): Promise<Verification>;
}

export type Tool<Context, Input extends Shape = Shape, Output extends Shape = Shape> =
  | ReadTool<Context, Input, Output>
  | ActTool<Context, Input, Output>;

export const DEFAULT_DEADLINE_SECONDS = 8;

/** Identity: it exists so that a tool's parts are checked against each other where they are written. */
export function defineTool<Context, const Input extends Shape, const Output extends Shape>(
  tool: ReadTool<Context, Input, Output>,
): ReadTool<Context, Input, Output>;
export function defineTool<Context, const Input extends Shape, const Output extends Shape>(
  tool: ActTool<Context, Input, Output>,
): ActTool<Context, Input, Output>;
export function defineTool<Context, Input extends Shape, Output extends Shape>(
  tool: Tool<Context, Input, Output>,
): Tool<Context, Input, Output> {
  return tool;
}

/** What a tool acts upon: a name in the inventory, with what the policy needs to know of it. */
export interface Target {
  readonly name: string;
  readonly environment: "production" | "staging" | "test";
}

/** One capability: its tools, and how a call reaches a target. `servers/<name>/main.ts` exports one. */
export interface Server<Context> {
  readonly name: string;
  readonly title: string;
  /** For the host's model: what this server is for and where to begin. */
  readonly instructions: string;
  readonly tools: readonly Tool<Context>[];
  /** The names that `target` may take. Touches no target. */
  targets(): readonly Target[];
  /** The context of one call. Must not throw because a target is down: tools say so when they first need it. */
  open(target: Target, call: Call): Promise<Context>;
  /** Ends what was kept warm. */
  close(): Promise<void>;
}
