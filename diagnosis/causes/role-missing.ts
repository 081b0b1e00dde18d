import { defineCause } from "../cause.ts";
import { identifier } from "../quoted.ts";
import { textOf } from "../session-remedies.ts";

export const roleMissingCause = defineCause({
  id: "role-missing",
  title: "The role does not exist on this server",
  proof: ["pg-role-missing"],
  explains: [],
  refutedBy: [],
  remedies: [],

  advice({ lead: { facts } }) {
    return [
      "Check that this is the right server and the right spelling: role names are case-sensitive when quoted",
      `create role ${identifier(textOf(facts, "role"))} login; -- then a password and its grants`,
    ];
  },
});
