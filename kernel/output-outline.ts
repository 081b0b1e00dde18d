import type { z } from "zod";
import type { Shape } from "./tool.ts";

/**
 * The output schema that a host is shown: names and JSON types of the top level, what is below them left open. Pure.
 *
 * A host pays for `tools/list` with tokens in every conversation: eleven whole schemas were 10,000 tokens, their
 * outlines are 1,100. Whole schemas of what is public are under schemas/.
 */
export type OutlinedProperty = { readonly type?: string | readonly string[] };

export interface OutputOutline {
  readonly type: "object";
  readonly properties: Readonly<Record<string, OutlinedProperty>>;
  readonly required: readonly string[];
}

export function outlineOutput(output: Shape): OutputOutline {
  const entries = Object.entries(output).map(([name, schema]) => [name, kindOf(schema)] as const);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, { types }]) => [name, propertyOf([...types])])),
    required: entries.flatMap(([name, { isOptional }]) => (isOptional ? [] : [name])),
  };
}

function propertyOf(types: readonly string[]): OutlinedProperty {
  const [only, ...more] = types;
  if (only === undefined) return {};
  return { type: more.length === 0 ? only : types };
}

interface Kind {
  /** JSON types; empty where anything may stand. */
  readonly types: ReadonlySet<string>;
  readonly isOptional: boolean;
}

const ANYTHING: Kind = { types: new Set(), isOptional: false };

function kindOf(schema: z.core.$ZodType): Kind {
  const { def } = schema._zod;
  if (isWrapper(def)) {
    const inner = kindOf(def.innerType);
    if (def.type === "optional") return { ...inner, isOptional: true };
    if (def.type === "nullable" && inner.types.size > 0) return { ...inner, types: new Set([...inner.types, "null"]) };
    return inner;
  }
  const type = JSON_TYPES[def.type];
  return type === undefined ? ANYTHING : { types: new Set([type]), isOptional: false };
}

/** Only what says it all by its name; unions, literals and the rest are left open. */
const JSON_TYPES: Readonly<Record<string, string>> = {
  string: "string",
  number: "number",
  boolean: "boolean",
  enum: "string",
  array: "array",
  object: "object",
  record: "object",
};

type Wrapper = z.core.$ZodTypeDef & { readonly innerType: z.core.$ZodType };

function isWrapper(def: z.core.$ZodTypeDef): def is Wrapper {
  return "innerType" in def;
}
