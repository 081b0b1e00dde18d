import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const hbaRejects = defineRule({
  id: "pg-hba-rejects",
  title: "pg_hba.conf does not let this client in",
  why: "No line matches address, role, database and encryption together, or the first that does says reject.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "hba-rejects") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `pg_hba.conf lets role ${connect.role} into database ${connect.database} from here under no line: "${connect.message ?? ""}" (SQLSTATE ${connect.sqlState})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) => {
    if (connect.outcome === "connected") return "pg_hba.conf let us in";
    return refusalOf(connect) === "tls-required"
      ? "pg_hba.conf refused us without TLS, and with it we have not tried"
      : "pg_hba.conf did not refuse us";
  },
});
