import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const databaseMissing = defineRule({
  id: "pg-database-missing",
  title: "The database does not exist",
  why: "The server runs and lets the role in; the database was dropped, renamed, never created, or is on another server.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "database-missing") return [];
    return [
      {
        severity: "critical",
        object: { kind: "database", name: connect.database },
        about: [addressOf(connect)],
        summary: `the server has no database ${connect.database} (SQLSTATE ${connect.sqlState})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "the database was not said to be missing",
});
