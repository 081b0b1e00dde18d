import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { ToolError } from "./errors.ts";
import type { Answer } from "./invoke.ts";
import { type OutputOutline, outlineOutput } from "./output-outline.ts";
import { isExposed, type Policy } from "./policy.ts";
import type { Server, Target, Tool } from "./tool.ts";

/**
 * What MCP sees of a tool and of an answer. Pure: no transport, no clock; the SDK is here for its types only.
 *
 * Hints, exposure and schemas all derive from the tool; nothing about a target but its name is shown.
 */
export interface Surface {
  readonly policy: Policy;
  /** Who will call: a policy may allow more to one than to another. */
  readonly caller: string;
  /** Also list tools that are meant for programs. */
  readonly programs?: boolean | undefined;
}

export interface ListedTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: Readonly<Record<string, boolean | string>>;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema: OutputOutline;
}

export function listTools<Context>(server: Server<Context>, { policy, caller, programs = false }: Surface): ListedTool[] {
  const targets = server.targets();
  return server.tools
    .filter((tool) => (programs || tool.audience !== "program") && isExposed(policy, tool, targets, caller))
    .map((tool) => describeTool(tool, targets));
}

function describeTool<Context>(tool: Tool<Context>, targets: readonly Target[]): ListedTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    annotations: {
      title: tool.title,
      readOnlyHint: tool.effect === "read",
      destructiveHint: tool.effect === "destroy",
      // Asked twice, a read says the same; a change may meet another object the second time.
      idempotentHint: tool.effect === "read",
      // Its world is the inventory: closed.
      openWorldHint: false,
    },
    inputSchema: inputSchema(z.strictObject({ ...tool.input, target: targetSchema(targets) })),
    outputSchema: outlineOutput(tool.effect === "read" ? tool.output : ACTED),
  };
}

/** More names than this are told when one is wrong, not on every listing. */
const MOST_NAMES = 30;

function targetSchema(targets: readonly Target[]): z.ZodType {
  const names = targets.map(({ name }) => name);
  const [first, ...rest] = names;
  const schema = first === undefined || names.length > MOST_NAMES ? z.string() : z.enum([first, ...rest]);
  return names.length === 1 ? schema.optional().describe("The only target; may be left out") : schema.describe("A name from the inventory");
}

/** The four parts of `Acted`. */
const ACTED = {
  plan: z.record(z.string(), z.unknown()),
  approvedBy: z.string(),
  result: z.record(z.string(), z.unknown()),
  verification: z.record(z.string(), z.unknown()),
};

/** Without what costs tokens and says nothing: the dialect, the bounds of every integer. */
function inputSchema(schema: z.ZodType): ListedTool["inputSchema"] {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return { ...json, type: "object" };
}

/** An answer's text; the structured part is as large as the tool's own limits make it. */
export const TEXT_BUDGET_BYTES = 8_192;

export function toResult({ structured, text }: Answer): CallToolResult {
  return { content: [{ type: "text", text: withinBudget(text) }], structuredContent: { ...structured } };
}

/** Where a program finds code, message, hint and details of an error. */
export const ERROR_META = "aihelpdesk/error";

/**
 * A host shows the text to its model; a program reads the same from `_meta`. Not from structuredContent: the SDK's client
 * checks that against the tool's output schema even when `isError` is set, and throws the whole answer away.
 */
export function toErrorResult({ code, message, hint, details }: ToolError): CallToolResult {
  const text = hint === undefined ? `${code}: ${message}` : `${code}: ${message}\n${hint}`;
  return {
    isError: true,
    content: [{ type: "text", text: withinBudget(text) }],
    _meta: { [ERROR_META]: { code, message, ...(hint !== undefined && { hint }), ...(details && { details }) } },
  };
}

/** Whole lines, as many as fit, and a word about the rest. */
export function withinBudget(text: string, budgetBytes: number = TEXT_BUDGET_BYTES): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= budgetBytes) return text;
  const note = (left: number) => `\n[truncated: ${left} more bytes; the structured content has everything, or narrow the call]`;
  const room = budgetBytes - Buffer.byteLength(note(bytes.length));
  const kept = bytes.subarray(0, room).toString("utf8").replace(/�+$/, "");
  const lastLine = kept.lastIndexOf("\n");
  const whole = lastLine > room / 2 ? kept.slice(0, lastLine) : kept;
  return whole + note(bytes.length - Buffer.byteLength(whole));
}
