import type { PgDisk } from "../../../diagnosis/evidence/pg-storage.ts";
import { databaseSizes } from "../database-sizes.ts";
import { defineProbe, type ProbeContext } from "../probe.ts";
import { selectDataDirectory, selectTablespaces, selectTempBytes, selectWalDirectory, type TablespaceRow } from "../queries/sizes.ts";
import { sqlStateOf, whereAllowed } from "../where-allowed.ts";

const TABLESPACE_CAP = 100;
const WALK_TIMEOUT_MS = 500;
/** A tablespace, a temporary folder or a file went away under the walk. */
const GONE = ["42704", "58P01"];

/** What takes room on disk: databases, tablespaces, WAL, temporary files. How much is free is the host's evidence. */
export const disk = defineProbe({
  id: "pg.disk",

  async run(context): Promise<PgDisk> {
    const { sql } = context;
    const sizes = await databaseSizes(context);
    const tablespaces = await orSkip(context, "sizes of tablespaces", () =>
      selectTablespaces(context.withTimeout(WALK_TIMEOUT_MS), TABLESPACE_CAP),
    );
    const wal = await orSkip(context, "size of pg_wal", () => whereAllowed(() => selectWalDirectory(sql)));
    const temp = await orSkip(context, "temporary files", () => whereAllowed(() => selectTempBytes(sql)));
    const [settings] = await selectDataDirectory(sql);
    const known = [...sizes].flatMap(([name, sizeBytes]) => (sizeBytes === null ? [] : [{ name, sizeBytes }]));
    if (known.length < sizes.size) context.skip(`sizes of ${sizes.size - known.length} databases: grant pg_monitor, or CONNECT on them`);
    const defaultBytes = known.length < sizes.size ? null : bytesOfDefault(known, tablespaces ?? []);
    return {
      databases: known.sort((a, b) => b.sizeBytes - a.sizeBytes),
      tablespaces: (tablespaces ?? []).map(({ name, location, sizeBytes }) => ({
        name,
        location,
        sizeBytes: name === "pg_default" ? defaultBytes : sizeBytes,
      })),
      walBytes: wal?.[0]?.sizeBytes ?? null,
      tempBytes: temp?.[0]?.sizeBytes ?? null,
      dataDirectory: settings?.dataDirectory ?? null,
    };
  },
});

/** What the databases take, less what they keep in other tablespaces. */
function bytesOfDefault(databases: PgDisk["databases"], tablespaces: readonly TablespaceRow[]): number | null {
  const elsewhere = tablespaces.filter(({ isBuiltIn }) => !isBuiltIn).map(({ sizeBytes }) => sizeBytes ?? Number.NaN);
  const left = databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - elsewhere.reduce((sum, size) => sum + size, 0);
  return databases.length > 0 && left >= 0 ? left : null;
}

async function orSkip<T>(context: ProbeContext, what: string, look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    const state = sqlStateOf(error) ?? "";
    if (context.signal.aborted || !(state === "57014" || GONE.includes(state))) throw error;
    context.skip(`${what}: ${state === "57014" ? `walking the files took longer than ${WALK_TIMEOUT_MS} ms` : "a file went away"}`);
    return null;
  }
}
