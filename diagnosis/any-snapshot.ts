import fc from "fast-check";
import { z } from "zod";
import { parseSnapshot, type Snapshot, SnapshotSchema } from "./evidence.ts";

/**
 * For property tests: any snapshot that the schema allows, with numbers around the thresholds of rules and names that
 * meet each other, so that findings come about. Made from the schema itself, so that new evidence takes part at once.
 */
export function anySnapshot(): fc.Arbitrary<Snapshot> {
  return arbitraryOf(Node.parse(z.toJSONSchema(SnapshotSchema))).map(parseSnapshot);
}

/** The part of JSON Schema that zod writes for our evidence. */
interface Node {
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly Node[] | undefined;
  readonly oneOf?: readonly Node[] | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly minimum?: number | undefined;
  readonly items?: Node | undefined;
  readonly properties?: Readonly<Record<string, Node>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: Node | boolean | undefined;
}

const Node: z.ZodType<Node> = z.lazy(() =>
  z.object({
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(Node).optional(),
    oneOf: z.array(Node).optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    minimum: z.number().optional(),
    items: Node.optional(),
    properties: z.record(z.string(), Node).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), Node]).optional(),
  }),
);

const COUNTS = [0, 1, 2, 3, 4, 5, 9, 10, 20, 60, 97, 100, 600, 4711, 100_000, 2_000_000_000];
const AMOUNTS = [...COUNTS, -1, 0.001, 0.5, 0.91, 2.9, 3.1, 4.5e10];
const TEXTS = [
  "",
  "orders",
  "app",
  "checkout",
  "2026-03-02T09:12:33.000Z",
  "2026-03-01T00:00:00.000Z",
  "on",
  "relation",
  "AccessExclusiveLock",
  "transactionid",
  "Lock",
  "25006",
  "53300",
  "28000",
  "57P03",
  "ECONNREFUSED",
  "client backend",
  "autovacuum worker",
  "default_transaction_read_only",
  "vacuum orders",
  'it\'s "quoted" \\ text\nof two lines',
];

function arbitraryOf(node: Node): fc.Arbitrary<unknown> {
  if ("const" in node && node.const !== undefined) return fc.constant(node.const);
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  const several = node.anyOf ?? node.oneOf;
  if (several !== undefined) return fc.oneof(...several.map(arbitraryOf));
  if (isList(node.type)) return fc.oneof(...node.type.map((type) => arbitraryOf({ ...node, type })));
  switch (node.type) {
    case "integer":
      return fc.constantFrom(...(node.minimum === undefined ? [...COUNTS, -1] : COUNTS));
    case "number":
      return fc.constantFrom(...AMOUNTS);
    case "string":
      return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...TEXTS) }, fc.string({ maxLength: 8 }));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(arbitraryOf(node.items ?? {}), { maxLength: 6 });
    case "object":
      return objectOf(node);
    default:
      throw new Error(`no arbitrary for ${JSON.stringify(node).slice(0, 80)}`);
  }
}

function objectOf({ properties, required = [], additionalProperties }: Node): fc.Arbitrary<unknown> {
  if (properties === undefined && typeof additionalProperties === "object") {
    return fc.dictionary(fc.constantFrom("autovacuum", "fsync", "sharedBuffersBytes"), arbitraryOf(additionalProperties));
  }
  const model = Object.fromEntries(Object.entries(properties ?? {}).map(([key, value]) => [key, arbitraryOf(value)]));
  return fc.record(model, { requiredKeys: Object.keys(model).filter((key) => required.includes(key)) });
}

function isList(type: Node["type"]): type is readonly string[] {
  return Array.isArray(type);
}
