import type { Finding } from "./cause.ts";
import type { PgSessions, Session, SessionGroup } from "./evidence/pg-activity.ts";
import type { PgSlots } from "./evidence/pg-connection.ts";
import type { DiagnosedObject } from "./object.ts";

/**
 * Who holds the connection slots when they run out. One answer, so that an exhaustion has one cause: the first kind of
 * session without which there would be room. Pure.
 */
export type SlotHolder =
  /** Parked inside transactions: never normal, so it goes first. */
  | "parked"
  /** Waiting for a lock: the lock's holder is the trouble. */
  | "waiters"
  /** Arrived within the last minute. */
  | "new"
  | "idle"
  /** At work, and not just arrived. */
  | "busy"
  | "mixed"
  /** Other roles' states are hidden. */
  | "hidden";

/** Poolers begin to queue here, well before PostgreSQL begins to refuse. */
export const NEARLY_FULL = 0.9;
/** With this much in use nobody would have noticed: room for the next minute's arrivals. */
const COMFORTABLE = 0.8;
/** More than all others together. */
const DOMINATES = 0.5;
/** Application code that waits this long between two statements of one transaction is not on its way to COMMIT. */
export const PARKED_SECONDS = 3;

export function isNearlyFull({ used, ours, usable }: PgSlots): boolean {
  return used - ours >= usable * NEARLY_FULL;
}

/** Null while there is room. */
export function slotHolder(slots: PgSlots, sessions: PgSessions): SlotHolder | null {
  if (!isNearlyFull(slots)) return null;
  if (!sessions.statesVisible) return "hidden";
  const theirs = slots.used - slots.ours;
  const suffices = (count: number) => count > 0 && theirs - count <= slots.usable * COMFORTABLE;
  const dominates = (count: number) => count >= theirs * DOMINATES;
  const insideTransaction = sessions.idleInTransaction + sessions.idleInTransactionAborted;
  if (suffices(parkedSessions(sessions)) || dominates(insideTransaction)) return "parked";
  if (suffices(sessions.waitingForLock)) return "waiters";
  if (dominates(sessions.startedLastMinute)) return "new";
  if (dominates(sessions.idle)) return "idle";
  return dominates(sessions.active) ? "busy" : "mixed";
}

/** How full the server is: "24 of 97 connection slots in use". */
export function slotsText({ used, usable, reserved }: PgSlots): string {
  return used <= usable
    ? `${used} of ${usable} connection slots in use`
    : `all ${usable} ordinary connection slots and ${used - usable} of the ${reserved} reserved ones in use`;
}

/** Who holds the slots, as the reason why it is not somebody else. */
export function holderText(slots: PgSlots, sessions: PgSessions): string {
  const holder = slotHolder(slots, sessions);
  switch (holder) {
    case null:
      return slotsText(slots);
    case "parked":
      return `without those who are idle inside a transaction (${sessions.idleInTransaction + sessions.idleInTransactionAborted} of ${sessions.total} sessions) there would be room`;
    case "waiters":
      return `without those who wait for a lock (${sessions.waitingForLock} of ${sessions.total} sessions) there would be room`;
    case "new":
      return `${sessions.startedLastMinute} of ${sessions.total} sessions arrived within the last minute`;
    case "idle":
      return `${sessions.idle} of ${sessions.total} sessions are idle`;
    case "busy":
      return `${sessions.active} of ${sessions.total} sessions are at work, and were there a minute ago`;
    case "mixed":
      return "no one kind of session holds the slots";
    case "hidden":
      return "what the sessions do is hidden from our role";
    default:
      return holder satisfies never;
  }
}

/** Sessions that have been idle inside a transaction for long. The list of them is cut off at the longest 50. */
export function parkedSessions(sessions: PgSessions): number {
  const listed = sessions.idleInTransactionSessions;
  const parked = listed.filter(isParked).length;
  const all = sessions.idleInTransaction + sessions.idleInTransactionAborted;
  return parked === listed.length ? Math.max(parked, listed.length === 0 ? 0 : all) : parked;
}

export function isParked({ stateAgeSeconds }: Session): boolean {
  return (stateAgeSeconds ?? 0) >= PARKED_SECONDS;
}

/** Sessions of one application and role, from whatever address and in whatever database. */
export interface Origin {
  readonly application: string;
  readonly role: string;
  readonly databases: readonly string[];
  readonly total: number;
  readonly active: number;
  readonly idle: number;
  readonly idleLong: number;
  readonly idleInTransaction: number;
  readonly startedLastMinute: number;
}

/** Largest first. */
export function originsOf(groups: readonly SessionGroup[]): readonly Origin[] {
  const byName = Map.groupBy(groups, ({ application, role }) => JSON.stringify([application, role]));
  return [...byName.values()]
    .map((members) => {
      const sum = (count: (group: SessionGroup) => number) => members.reduce((total, group) => total + count(group), 0);
      return {
        application: members[0]?.application ?? "",
        role: members[0]?.role ?? "",
        databases: [...new Set(members.map(({ database }) => database))].toSorted(),
        total: sum(({ total }) => total),
        active: sum(({ active }) => active),
        idle: sum(({ idle }) => idle),
        idleLong: sum(({ idleLong }) => idleLong),
        idleInTransaction: sum(({ idleInTransaction }) => idleInTransaction),
        startedLastMinute: sum(({ startedLastMinute }) => startedLastMinute),
      };
    })
    .toSorted((a, b) => b.total - a.total || (originText(a) < originText(b) ? -1 : 1));
}

/** The one origin that has most of them, or the server when none has. */
export function dominantOrigin(origins: readonly Origin[], count: (origin: Origin) => number): Origin | null {
  const all = origins.reduce((sum, origin) => sum + count(origin), 0);
  const [first] = origins.toSorted((a, b) => count(b) - count(a));
  return first !== undefined && all > 0 && count(first) >= all * DOMINATES ? first : null;
}

export function originObject({ application, role }: Origin): DiagnosedObject {
  return { kind: "client", application, role };
}

export function originText({ application, role }: Pick<Origin, "application" | "role">): string {
  return application === "" ? `unnamed sessions of role ${role}` : `"${application}" (role ${role})`;
}

/** "checkout (role app): 60", most first; at most five. */
export function holdersText(origins: readonly Origin[], count: (origin: Origin) => number): readonly string[] {
  return origins
    .toSorted((a, b) => count(b) - count(a))
    .filter((origin) => count(origin) > 0)
    .slice(0, 5)
    .map((origin) => `${originText(origin)}: ${count(origin)}`);
}

const EXHAUSTED = new Set<string>(["pg-connections-exhausted", "pg-connection-limit-reached"]);

/** A lock's holder has used up the slots only where those who wait for it hold them. */
export function isExhaustedByWaiters({ rule, facts }: Finding): boolean {
  return !EXHAUSTED.has(rule) || facts["holder"] === "waiters";
}

export function isHeldByParked({ rule, facts }: Finding): boolean {
  return !EXHAUSTED.has(rule) || facts["holder"] === "parked";
}

/** Sessions that idle in the slots of one role are not why the server is full. */
export function isHeldByIdle({ rule, facts }: Finding, lead: Finding): boolean {
  if (rule === "pg-connection-limit-reached") return facts["holder"] === "idle";
  return !lead.about.some(({ kind }) => kind === "role" || kind === "database");
}
