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

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected"
      ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms`
      : "pg_hba.conf did not refuse us",
});
