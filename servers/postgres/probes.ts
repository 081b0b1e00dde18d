import type { Probe } from "./probe.ts";
import { databases } from "./probes/pg-databases.ts";
import { disk } from "./probes/pg-disk.ts";
import { indexes } from "./probes/pg-indexes.ts";
import { locks } from "./probes/pg-locks.ts";
import { prepared } from "./probes/pg-prepared.ts";
import { replication } from "./probes/pg-replication.ts";
import { sequences } from "./probes/pg-sequences.ts";
import { server } from "./probes/pg-server.ts";
import { sessions } from "./probes/pg-sessions.ts";
import { settings } from "./probes/pg-settings.ts";
import { slots } from "./probes/pg-slots.ts";
import { statements } from "./probes/pg-statements.ts";
import { tables } from "./probes/pg-tables.ts";
import { vacuum } from "./probes/pg-vacuum.ts";
import { waits } from "./probes/pg-waits.ts";
import { wal } from "./probes/pg-wal.ts";

/** Every probe but pg.connect, which is the login itself. In the order in which they look: what moves fastest first. A law checks the list. */
export const PROBES = [
  locks,
  sessions,
  slots,
  prepared,
  waits,
  server,
  vacuum,
  databases,
  statements,
  replication,
  wal,
  tables,
  indexes,
  sequences,
  settings,
  disk,
] as const satisfies readonly Probe[];
