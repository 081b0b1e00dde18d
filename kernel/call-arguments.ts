import { z } from "zod";
import { ToolError } from "./errors.ts";
import { NO_TARGETS, unknownTarget } from "./inventory.ts";
import { didYouMean } from "./near-names.ts";
import type { Server, Shape, Target, Tool } from "./tool.ts";
import { untrusted } from "./untrusted.ts";
import { explain } from "./yaml-file.ts";

/**
 * A call's arguments through its tool's own schema, and its target through the inventory. Touches neither.
 *
 * `target` is an input of every tool; with a single target it may be left out. Unknown keys are refused, `__proto__` among
 * them, each with the name that was meant.
 */
export function parseArguments<Context>(
  tool: Tool<Context>,
  server: Server<Context>,
  args: unknown,
): { target: Target; values: Record<string, unknown> } {
  if (!isPlainObject(args)) throw invalid(tool, [`the arguments must be an object, such as ${JSON.stringify({ target: "orders" })}`]);
  const unknown = Object.keys(args).filter((key) => key !== "target" && !Object.hasOwn(tool.input, key));
  if (unknown.length > 0) {
    const known = [...Object.keys(tool.input), "target"];
    throw invalid(
      tool,
      unknown.slice(0, 5).map((key) => `unknown key ${JSON.stringify(untrusted(key, 60))}.${didYouMean(key, known)}`),
    );
  }
  const { target: wanted, ...rest } = args;
  const parsed = schemaOf(tool).safeParse(rest);
  if (!parsed.success) throw invalid(tool, parsed.error.issues.map(explain));
  const cut = Object.entries(parsed.data).flatMap(([name, value]) => (typeof value === "string" && value.includes("\0") ? [name] : []));
  if (cut.length > 0)
    throw invalid(
      tool,
      cut.map((name) => `${name}: expected text without NUL, which ends a text for most targets`),
    );
  return { target: targetOf(tool, server, wanted), values: parsed.data };
}

const SCHEMAS = new WeakMap<Shape, z.ZodObject<Shape>>();

/** Built once a tool, on its first call: a server lists its tools without. */
function schemaOf<Context>({ input }: Tool<Context>): z.ZodObject<Shape> {
  const known = SCHEMAS.get(input);
  if (known !== undefined) return known;
  const made = z.strictObject(input);
  SCHEMAS.set(input, made);
  return made;
}

function targetOf<Context>(tool: Tool<Context>, server: Server<Context>, wanted: unknown): Target {
  const targets = server.targets();
  const names = targets.map(({ name }) => name);
  const [only, second] = targets;
  if (wanted === undefined) {
    if (only !== undefined && second === undefined) return only;
    if (only === undefined) throw new ToolError("UNKNOWN_TARGET", "There is no target to look at", { hint: NO_TARGETS });
    throw invalid(tool, [`target: expected one of ${names.slice(0, 20).join(", ")}`]);
  }
  if (typeof wanted !== "string") throw invalid(tool, ["target: expected the name of a target, as text"]);
  const found = targets.find(({ name }) => name === wanted);
  if (found === undefined) throw unknownTarget(wanted, names);
  return found;
}

function invalid<Context>(tool: Tool<Context>, issues: readonly string[]): ToolError {
  const takes = [...Object.keys(tool.input), "target"].join(", ");
  return new ToolError("INVALID_ARGUMENT", `${tool.name}: ${issues.join("; ")}`, {
    hint: `${tool.name} takes ${takes}.`,
    details: { issues },
  });
}

export function unknownTool<Context>(name: string, server: Server<Context>): ToolError {
  const names = server.tools.map((tool) => tool.name);
  const shown = /^[\w.-]{1,64}$/.test(name) ? ` ${JSON.stringify(name)}` : "";
  return new ToolError("UNKNOWN_TOOL", `There is no tool${shown}.${didYouMean(name, names)}`, { hint: "tools/list names them all." });
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
