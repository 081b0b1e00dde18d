import type { PgVacuum, XminHolder } from "./evidence/pg-operations.ts";
import type { DiagnosedObject } from "./object.ts";
import { duration } from "./report/quantity.ts";

/**
 * Who keeps dead rows alive, as rules speak of it. Four kinds with four reaches: sessions and prepared transactions hold
 * the tables of their own database, standbys and slots those of all; a logical slot only catalogs.
 */
export function objectOf(holder: XminHolder): DiagnosedObject {
  switch (holder.kind) {
    case "session":
      return {
        kind: "session",
        pid: holder.pid,
        backendStart: holder.backendStart,
        application: holder.application,
        ...(holder.role === null ? {} : { role: holder.role }),
        ...(holder.database === null ? {} : { database: holder.database }),
      };
    case "prepared-transaction":
      return { kind: "prepared-transaction", gid: holder.gid, database: holder.database };
    case "slot":
      return { kind: "slot", name: holder.name };
    case "standby":
      return { kind: "standby", application: holder.application, ...(holder.client === null ? {} : { address: holder.client }) };
    default:
      return holder satisfies never;
  }
}

/** What else takes part: the session's client, so that a leaking pool can be told as the reason of its sessions. */
export function partiesOf(holder: XminHolder): DiagnosedObject[] {
  return holder.kind === "session" && holder.role !== null ? [{ kind: "client", application: holder.application, role: holder.role }] : [];
}

export function describe(holder: XminHolder): string {
  switch (holder.kind) {
    case "session":
      return `session ${holder.pid} of "${holder.application}" (${holder.state ?? "state unknown"}, transaction open for ${duration(holder.xactAgeSeconds ?? 0)})`;
    case "prepared-transaction":
      return `prepared transaction "${holder.gid}" (prepared ${duration(holder.ageSeconds)} ago)`;
    case "slot":
      return `${holder.active ? "active" : "inactive"} replication slot "${holder.name}"`;
    case "standby":
      return `standby "${holder.application}" (hot_standby_feedback)`;
    default:
      return holder satisfies never;
  }
}

/** Vacuum's own backends show an xmin, and hold nothing back with it. */
export function withoutVacuum({ holders, running }: PgVacuum): XminHolder[] {
  const pids = new Set(running.map(({ pid }) => pid));
  return holders.filter((holder) => holder.kind !== "session" || !pids.has(holder.pid));
}

/** For how long it has been there; null where nobody says. */
export function heldSeconds(holder: XminHolder): number | null {
  if (holder.kind === "session") return holder.xactAgeSeconds;
  return holder.kind === "prepared-transaction" ? holder.ageSeconds : null;
}

export function reaches(holder: XminHolder, database: string): boolean {
  return holder.kind === "slot" || holder.kind === "standby" || holder.database === database;
}
