import { defineCause } from "../cause.ts";
import { identifier } from "../quoted.ts";
import { textOf } from "../session-remedies.ts";

export const loginRefused = defineCause({
  id: "login-refused",
  title: "The server does not let this role in, or not into this database",
  proof: ["pg-login-refused"],
  explains: [],
  refutedBy: [],
  remedies: [],

  advice({ lead: { facts } }) {
    const role = identifier(textOf(facts, "role"));
    const database = identifier(textOf(facts, "database"));
    switch (facts["sqlState"]) {
      case "28000":
        return [
          `Where the role may not log in: alter role ${role} login;`,
          "Where peer, ident or a certificate is asked for: connect as the operating system's user of that name or with that certificate, or change the method in pg_hba.conf",
        ];
      case "42501":
        return [`grant connect on database ${database} to ${role};`];
      case "55000":
        return [
          `The database takes no connections, on purpose or after a failed restore: alter database ${database} with allow_connections true;`,
        ];
      default:
        return ["The server's log says more than it tells a client: look there for the same time and role"];
    }
  },
});
