import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const connectionFailed = defineRule({
  id: "pg-connection-failed",
  title: "The connection failed in a way that no rule knows",
  why: "Without a connection nothing else can be seen; the message is all there is.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "other" || connect.sqlState !== null) return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `the connection to ${connect.host}:${connect.port} failed at the stage ${connect.stage} (${connect.errorCode ?? "no code"}): "${connect.message ?? ""}"`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "the refusal is one that is known",
});
