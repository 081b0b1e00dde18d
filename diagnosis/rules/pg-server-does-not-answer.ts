import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const serverDoesNotAnswer = defineRule({
  id: "pg-server-does-not-answer",
  title: "The port accepts connections, and nobody speaks",
  why: "A hung or stopped server, a proxy without a server behind it, or another program on that port.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "no-answer") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `${connect.host}:${connect.port} accepted the connection and then did not speak PostgreSQL within ${Math.round(connect.latencyMs)} ms (it came as far as: ${connect.stage})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected" ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms` : "the server answered",
});
