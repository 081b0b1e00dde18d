import type { PgLocks } from "../evidence/pg-activity.ts";
import { sessionObject } from "../lock-trees.ts";
import type { DiagnosedObject } from "../object.ts";
import { defineRule } from "../rule.ts";
import {
  dominantOrigin,
  holdersText,
  type Origin,
  originObject,
  originsOf,
  type SlotHolder,
  slotHolder,
  slotsText,
} from "../slot-holders.ts";

export const connectionsExhausted = defineRule({
  id: "pg-connections-exhausted",
  title: "Connection slots are used up",
  why: "Once every unreserved slot is taken, new clients are refused with SQLSTATE 53300.",
  gravest: "critical",
  needs: ["pg.slots", "pg.sessions"],
  wants: ["complaint", "pg.locks"],

  judge({ "pg.slots": slots, "pg.sessions": sessions, complaint, "pg.locks": locks }) {
    const holder = slotHolder(slots, sessions);
    if (holder === null) return [];
    const origins = originsOf(sessions.groups);
    const isRefusing = slots.used >= slots.usable || complaint?.sqlStates.includes("53300") === true;
    return [
      {
        severity: isRefusing ? "critical" : "warning",
        about: holder === "waiters" ? mostWaitedFor(locks) : originOf(holder, origins),
        summary: `${slotsText(slots)}: ${sessions.active} active (${sessions.waitingForLock} of them waiting for a lock), ${sessions.idle} idle, ${sessions.idleInTransaction + sessions.idleInTransactionAborted} idle in a transaction; ${sessions.startedLastMinute} arrived within the last minute`,
        facts: {
          used: slots.used,
          usable: slots.usable,
          max: slots.max,
          reserved: slots.reserved,
          active: sessions.active,
          waitingForLock: sessions.waitingForLock,
          idle: sessions.idle,
          idleLong: sessions.idleLong,
          idleInTransaction: sessions.idleInTransaction + sessions.idleInTransactionAborted,
          startedLastMinute: sessions.startedLastMinute,
          holder,
          origins: holdersText(origins, ({ total }) => total),
        },
      },
    ];
  },

  clear: ({ "pg.slots": slots }) => slotsText(slots),
});

/** Whose sessions of that kind are most. Who else has many sessions has nothing to do with it. */
function originOf(holder: SlotHolder, origins: readonly Origin[]): readonly DiagnosedObject[] {
  const dominant = dominantOrigin(origins, (origin) => countOf(holder, origin));
  return dominant === null ? [] : [originObject(dominant)];
}

function countOf(holder: SlotHolder, origin: Origin): number {
  switch (holder) {
    case "parked":
      return origin.idleInTransaction;
    case "new":
      return origin.startedLastMinute;
    case "idle":
      return origin.idle;
    case "busy":
      return origin.active;
    case "waiters":
    case "mixed":
    case "hidden":
      return origin.total;
    default:
      return holder satisfies never;
  }
}

function mostWaitedFor(locks: PgLocks | undefined): readonly DiagnosedObject[] {
  const [tree] = locks?.trees.toSorted((a, b) => b.blocked - a.blocked) ?? [];
  if (tree?.root.kind === "session") return [sessionObject(tree.root.session)];
  return tree?.root.kind === "prepared-transaction"
    ? [{ kind: "prepared-transaction", gid: tree.root.gid, database: tree.root.database }]
    : [];
}
