import type { Probe } from "./probe.ts";
import { databases } from "./probes/pg-databases.ts";
import { disk } from "./probes/pg-disk.ts";
import { settings } from "./probes/pg-settings.ts";

/** Every probe but pg.connect, which is the login itself. In the order in which they look: what moves fastest first. A law checks the list. */
export const PROBES = [databases, settings, disk] as const satisfies readonly Probe[];
