import type { PgVacuum, XminHolder } from "../../../diagnosis/evidence/pg-operations.ts";
import { untrusted } from "../../../kernel/untrusted.ts";
import { CannotLook, defineProbe } from "../probe.ts";
import { type HolderRow, selectRunningVacuums, selectVacuumSettings, selectXminHolders, type VacuumRow } from "../queries/vacuum.ts";

const RUNNING_CAP = 50;
const HOLDER_CAP = 20;
/** A gid has 200 characters at most, an application's name 63. */
const NAME_CHARACTERS = 200;

/** Whether autovacuum runs, what it works on, and who keeps it from removing dead rows. */
export const vacuum = defineProbe({
  id: "pg.vacuum",

  async run({ sql, ownPids }): Promise<PgVacuum> {
    const holders = await selectXminHolders(sql, ownPids, HOLDER_CAP);
    const running = await selectRunningVacuums(sql, RUNNING_CAP);
    const [settings] = await selectVacuumSettings(sql);
    if (settings === undefined) throw new CannotLook("failed", "the settings of vacuum could not be read", "");
    const { autovacuum, seesOthers, ...rest } = settings;
    return {
      ...rest,
      enabled: autovacuum && settings.trackCounts,
      running: running.map(describeRun),
      holders: holders.flatMap(describeHolder),
      holdersVisible: seesOthers,
    };
  },
});

function describeRun({ schema, name, ...run }: VacuumRow): PgVacuum["running"][number] {
  return { ...run, relation: schema === null || name === null ? null : { schema, name } };
}

function describeHolder(row: HolderRow): XminHolder[] {
  const { kind, age, role, database, state, client, seconds } = row;
  const name = untrusted(row.name, NAME_CHARACTERS);
  switch (kind) {
    case "session":
      if (row.pid === null || row.backendStart === null) return [];
      return [
        { kind, pid: row.pid, backendStart: row.backendStart, application: name, role, database, state, xactAgeSeconds: seconds, age },
      ];
    case "prepared-transaction":
      return [{ kind, gid: name, database: database ?? "", ageSeconds: seconds ?? 0, age }];
    case "slot":
      return [{ kind, name, active: row.active ?? false, catalogOnly: row.catalogOnly ?? false, age }];
    case "standby":
      return [{ kind, application: name, client, age }];
    default:
      return kind satisfies never;
  }
}
