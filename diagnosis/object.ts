import { z } from "zod";

/**
 * What a finding or a cause is about, named so that it can be found again: a session by pid *and* backend_start,
 * because pids are reused; a relation by schema and name in its database.
 */
export const DiagnosedObject = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("server"), address: z.string().optional() }),
  z.object({ kind: z.literal("address"), host: z.string(), port: z.number().optional() }),
  z.object({ kind: z.literal("database"), name: z.string() }),
  z.object({ kind: z.literal("role"), name: z.string() }),
  z.object({
    kind: z.literal("session"),
    pid: z.number(),
    backendStart: z.string(),
    application: z.string().optional(),
    role: z.string().optional(),
    database: z.string().optional(),
    client: z.string().optional(),
  }),
  /** Many sessions of one origin, where no single one is the trouble. */
  z.object({ kind: z.literal("client"), application: z.string(), role: z.string(), address: z.string().optional() }),
  z.object({ kind: z.literal("prepared-transaction"), gid: z.string(), database: z.string() }),
  z.object({ kind: z.literal("relation"), schema: z.string(), name: z.string(), database: z.string().optional() }),
  z.object({ kind: z.literal("column"), schema: z.string(), table: z.string(), name: z.string() }),
  z.object({ kind: z.literal("index"), schema: z.string(), name: z.string(), table: z.string() }),
  z.object({ kind: z.literal("sequence"), schema: z.string(), name: z.string() }),
  z.object({ kind: z.literal("statement"), queryId: z.string(), database: z.string().optional() }),
  z.object({ kind: z.literal("slot"), name: z.string() }),
  z.object({ kind: z.literal("standby"), application: z.string(), address: z.string().optional() }),
  z.object({ kind: z.literal("subscription"), name: z.string() }),
  z.object({ kind: z.literal("setting"), name: z.string() }),
]);
export type DiagnosedObject = z.output<typeof DiagnosedObject>;

/** The same object, the same text: for keys, and for telling whether two findings are about one thing. */
export function nameOf(object: DiagnosedObject): string {
  switch (object.kind) {
    case "server":
      return "server";
    case "address":
      return object.port === undefined ? object.host : `${object.host}:${object.port}`;
    case "session":
      return `pid ${object.pid}`;
    case "client":
      return `${object.application || "(unnamed)"} as ${object.role}`;
    case "prepared-transaction":
      return object.gid;
    case "relation":
    case "sequence":
    case "index":
      return `${object.schema}.${object.name}`;
    case "column":
      return `${object.schema}.${object.table}.${object.name}`;
    case "statement":
      return `query ${object.queryId}`;
    case "standby":
      return object.application;
    case "database":
    case "role":
    case "slot":
    case "subscription":
    case "setting":
      return object.name;
    default:
      return object satisfies never;
  }
}

/** Equal when they identify the same thing; a session needs its start as well as its pid. */
export function isSameObject(a: DiagnosedObject, b: DiagnosedObject): boolean {
  if (a.kind !== b.kind || nameOf(a) !== nameOf(b)) return false;
  return a.kind !== "session" || b.kind !== "session" || a.backendStart === b.backendStart;
}
