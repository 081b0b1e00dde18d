import assert from "node:assert/strict";
import { it } from "node:test";
import { z } from "zod";
import { outlineOutput } from "./output-outline.ts";

it("shows names and types of the top level, and leaves open what is below", () => {
  const outline = outlineOutput({
    name: z.string(),
    count: z.number().int().min(0),
    kind: z.enum(["a", "b"]),
    rows: z.array(z.object({ deep: z.string() })).readonly(),
    nested: z.object({ deep: z.string() }).nullable(),
    byName: z.record(z.string(), z.number()),
    maybe: z.boolean().optional(),
    either: z.union([z.string(), z.number()]),
    exactly: z.literal(1),
  });
  assert.deepEqual(outline, {
    type: "object",
    properties: {
      name: { type: "string" },
      count: { type: "number" },
      kind: { type: "string" },
      rows: { type: "array" },
      nested: { type: ["object", "null"] },
      byName: { type: "object" },
      maybe: { type: "boolean" },
      either: {},
      exactly: {},
    },
    required: ["name", "count", "kind", "rows", "nested", "byName", "either", "exactly"],
  });
});
