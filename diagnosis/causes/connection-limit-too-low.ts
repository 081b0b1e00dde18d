import { defineCause } from "../cause.ts";
import { identifier } from "../quoted.ts";
import type { Facts } from "../rule.ts";
import { numberOf } from "../session-remedies.ts";

export const connectionLimitTooLow = defineCause({
  id: "connection-limit-too-low",
  title: "A connection limit is lower than the normal use",
  proof: ["pg-connection-limit-reached"],
  explains: ["pg-connections-exhausted"],
  refutedBy: [],
  // A role's or a database's limit does not fill the server.
  explainsOnly: ({ facts }) => facts["holder"] === "busy",
  remedies: [],

  advice({ object, lead: { facts } }) {
    if (object?.kind === "role")
      return [
        `See that the sessions of role ${object.name} are all wanted, then: alter role ${identifier(object.name)} connection limit ${raised(facts)};`,
      ];
    if (object?.kind === "database") {
      return [
        `See that the sessions in database ${object.name} are all wanted, then: alter database ${identifier(object.name)} with connection limit ${raised(facts)};`,
      ];
    }
    return [
      "A pooler in transaction mode (PgBouncer) serves many clients with few server connections: more processes than the machine has room for make everyone slower",
      "Where memory allows it, raise max_connections (needs a restart)",
    ];
  },
});

/** Half as much again, where the present limit is known. */
function raised(facts: Facts): string {
  const limit = numberOf(facts, "limit");
  return limit === 0 ? "N" : String(Math.ceil(limit * 1.5));
}
