import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const loginRefused = defineRule({
  id: "pg-login-refused",
  title: "The server refuses this role or this database",
  why: "The role may not log in, may not use the database, or proves itself in another way than pg_hba.conf wants.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "other" || connect.sqlState === null) return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `the server refused the login of role ${connect.role} to database ${connect.database}: "${connect.message ?? ""}" (SQLSTATE ${connect.sqlState})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "the refusal is one that is known",
});
