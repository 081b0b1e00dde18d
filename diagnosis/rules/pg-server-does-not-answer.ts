import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const serverDoesNotAnswer = defineRule({
  id: "pg-server-does-not-answer",
  title: "The port accepts connections, and no PostgreSQL speaks behind it",
  why: "A server that is stopped or stuck, a proxy without a server behind it, or another program on that port.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "no-answer" && refusal !== "dropped") return [];
    const server = `${connect.host}:${connect.port}`;
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary:
          refusal === "no-answer"
            ? `${server} accepted the connection and then said nothing for ${Math.round(connect.latencyMs)} ms (${connect.errorCode} at the stage ${connect.stage})`
            : `${server} accepted the connection and cut it without a word (${connect.errorCode} at the stage ${connect.stage})`,
        facts: { ...refusalFacts(connect), latencyMs: Math.round(connect.latencyMs), cut: refusal === "dropped" },
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `${connect.host} answered within ${Math.round(connect.latencyMs)} ms`
      : "the failure came with an answer",
});
