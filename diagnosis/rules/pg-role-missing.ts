import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const roleMissing = defineRule({
  id: "pg-role-missing",
  title: "The role does not exist",
  why: "The server knows no role of that name: it was never created, was dropped, or this is another server.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "role-missing") return [];
    return [
      {
        severity: "critical",
        object: { kind: "role", name: connect.role },
        about: [addressOf(connect)],
        summary: `the server has no role ${connect.role} (SQLSTATE ${connect.sqlState})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "the role was not said to be missing",
});
