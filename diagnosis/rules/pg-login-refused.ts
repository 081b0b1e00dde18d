import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const loginRefused = defineRule({
  id: "pg-login-refused",
  title: "The login was refused for another reason",
  why: "The server or the library said why in words that no rule knows.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "other") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `the login failed at the stage ${connect.stage}: "${connect.message ?? ""}" (${connect.sqlState === null ? (connect.errorCode ?? "no code") : `SQLSTATE ${connect.sqlState}`})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "the refusal is one that is known",
});
