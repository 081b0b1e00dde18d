import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const shuttingDown = defineRule({
  id: "pg-shutting-down",
  title: "The server is shutting down",
  why: "It lets nobody in any more, and waits for those who are there to leave or be disconnected.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "shutting-down") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `${connect.host}:${connect.port} is shutting down: "${connect.message ?? ""}" (SQLSTATE ${connect.sqlState})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "the server did not say that it is shutting down",
});
