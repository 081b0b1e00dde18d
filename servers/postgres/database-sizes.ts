import type { ProbeContext, ServerFacts } from "./probe.ts";
import { selectCatalogSize, selectDatabaseSizes, selectEstimatedDatabaseSize } from "./queries/sizes.ts";
import { sqlStateOf } from "./where-allowed.ts";

/** Null: not known. */
export type DatabaseSizes = ReadonlyMap<string, number | null>;

/** pg_database_size stats every file: 220 ms for 120,000 relations. Beyond so many the connected database is estimated. */
const RELATIONS_TO_WALK = 30_000;
const WALK_TIMEOUT_MS = 500;
const QUERY_CANCELED = "57014";
/** Two probes want the same walk within one diagnosis. */
const KEEP_MS = 30_000;

const known = new WeakMap<ServerFacts, { readonly at: number; readonly sizes: DatabaseSizes }>();

/** Sizes of all databases, for at most half a second of walking; what took longer is null, and noted as skipped. */
export async function databaseSizes(context: ProbeContext): Promise<DatabaseSizes> {
  const kept = known.get(context.server);
  if (kept !== undefined && performance.now() - kept.at < KEEP_MS) return kept.sizes;
  const sizes = await measure(context);
  known.set(context.server, { at: performance.now(), sizes });
  return sizes;
}

async function measure(context: ProbeContext): Promise<DatabaseSizes> {
  const { sql, server } = context;
  const [catalog] = await selectCatalogSize(sql);
  const isLarge = (catalog?.relations ?? 0) > RELATIONS_TO_WALK;
  const walked = await walk(context, isLarge ? server.database : null);
  const sizes = new Map(walked.map(({ name, sizeBytes }) => [name, sizeBytes]));
  if (isLarge || walked.length === 0) {
    const [estimate] = await selectEstimatedDatabaseSize(sql);
    if (estimate !== undefined) sizes.set(server.database, estimate.sizeBytes);
  }
  return sizes;
}

async function walk(context: ProbeContext, except: string | null) {
  try {
    return await selectDatabaseSizes(context.withTimeout(WALK_TIMEOUT_MS), except);
  } catch (error) {
    if (sqlStateOf(error) !== QUERY_CANCELED || context.signal.aborted) throw error;
    context.skip(`sizes of databases: walking their files took longer than ${WALK_TIMEOUT_MS} ms`);
    return [];
  }
}
