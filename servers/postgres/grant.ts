import { CannotLook, type ServerFacts } from "./probe.ts";
import { identifier } from "./sql.ts";

/** The statement that would let our role see it. */
export function grantMonitor(server: ServerFacts): string {
  return `grant pg_monitor to ${identifier(server.role).quoted}`;
}

export function needsMonitor(server: ServerFacts, what: string): CannotLook {
  return new CannotLook("no-permission", `the role "${server.role}" may not see ${what}`, grantMonitor(server));
}
