import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const startingOrRecovering = defineRule({
  id: "pg-starting-or-recovering",
  title: "The server is starting or recovering",
  why: "It replays WAL before it lets anyone in; after a crash that takes as long as there is WAL since the last checkpoint.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "starting") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `${connect.host}:${connect.port} runs and does not accept logins yet: "${connect.message ?? ""}"${connect.detail === null ? "" : ` (${connect.detail})`} (SQLSTATE ${connect.sqlState})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "the server did not say that it is starting",
});
