import { defineCause } from "../cause.ts";
import { literal } from "../quoted.ts";
import { textOf } from "../session-remedies.ts";

export const wrongPassword = defineCause({
  id: "wrong-password",
  title: "The password for the role is wrong or missing",
  proof: ["pg-password-rejected"],
  explains: [],
  refutedBy: [],
  remedies: [],

  advice({ lead: { facts } }) {
    const role = textOf(facts, "role");
    if (facts["passwordGiven"] === false) {
      return [
        `Give the target a password for role ${role}: passwordEnv or passwordFile in the inventory, PGPASSWORD, or a line in the pgpass file. Not in the URL: it would be seen`,
      ];
    }
    return [
      `Compare the password of this target with the one of role ${role}: it may have been changed since, or expired (select rolvaliduntil from pg_roles where rolname = ${literal(role)};)`,
      "PostgreSQL answers the same for a role that does not exist, so that nobody can try out names: the server's log says which it was",
    ];
  },
});
