import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const passwordRejected = defineRule({
  id: "pg-password-rejected",
  title: "The password is not accepted",
  why: "PostgreSQL gives the same answer for a wrong password, an expired one and, with scram and md5, a role that does not exist.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "wrong-password") return [];
    return [
      {
        severity: "critical",
        object: { kind: "role", name: connect.role },
        about: [addressOf(connect)],
        summary: connect.passwordGiven
          ? `the server rejected the password for role ${connect.role} (${connect.sqlState === null ? connect.errorCode : `SQLSTATE ${connect.sqlState}`})`
          : `the server asks for a password for role ${connect.role}, and none is configured for this target`,
        facts: { ...refusalFacts(connect), passwordGiven: connect.passwordGiven },
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "the password was not rejected",
});
