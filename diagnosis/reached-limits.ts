import type { PgLocks, PgSessions } from "./evidence/pg-activity.ts";
import type { PgSlots } from "./evidence/pg-connection.ts";
import { sessionObject } from "./lock-trees.ts";
import type { DiagnosedObject } from "./object.ts";
import { isParked, type Origin, originsOf } from "./slot-holders.ts";

/** A role's or a database's connection limit that is used up, and who uses it up: what `SlotHolder` is for the server. Pure. */
export interface ReachedLimit {
  readonly object: Extract<DiagnosedObject, { kind: "role" | "database" }>;
  readonly limit: number;
  readonly used: number;
  readonly holder: "parked" | "waiters" | "idle" | "others";
  readonly parked: number;
  /** Idle for more than a minute. */
  readonly idleLong: number;
  readonly active: number;
  readonly total: number;
  readonly origins: readonly Origin[];
  /** For whom those wait who hold it. */
  readonly roots: readonly DiagnosedObject[];
}

/** A limit of 0 closes a role or a database on purpose. */
export function reachedLimits(slots: PgSlots, sessions: PgSessions, locks: PgLocks | undefined): readonly ReachedLimit[] {
  const roles = slots.roles.map(({ role, ...rest }) => ({ object: { kind: "role", name: role } as const, ...rest }));
  const databases = slots.databases.map(({ database, ...rest }) => ({ object: { kind: "database", name: database } as const, ...rest }));
  return [...roles, ...databases].flatMap(({ object, limit, used }) => {
    if (limit <= 0 || used < limit) return [];
    const isTheirs = (session: { readonly role: string | null; readonly database: string | null }) =>
      (object.kind === "role" ? session.role : session.database) === object.name;
    const trees = (locks?.trees ?? []).filter(({ waiters }) => waiters.some(({ session }) => isTheirs(session)));
    const waiting = trees.flatMap(({ waiters }) => waiters.filter(({ session }) => isTheirs(session))).length;
    const parked = sessions.idleInTransactionSessions.filter((session) => isTheirs(session) && isParked(session)).length;
    const origins = originsOf(sessions.groups.filter(isTheirs));
    const sum = (count: (origin: Origin) => number) => origins.reduce((total, origin) => total + count(origin), 0);
    const idleLong = sum((origin) => origin.idleLong);
    const holds = (count: number) => count * 2 >= limit;
    return [
      {
        object,
        limit,
        used,
        holder: holds(parked) ? "parked" : holds(waiting) ? "waiters" : holds(idleLong) && sessions.statesVisible ? "idle" : "others",
        parked,
        idleLong,
        active: sum(({ active }) => active),
        total: sum(({ total }) => total),
        origins,
        roots: trees.flatMap(({ root }) => (root.kind === "session" ? [sessionObject(root.session)] : [])),
      },
    ];
  });
}
