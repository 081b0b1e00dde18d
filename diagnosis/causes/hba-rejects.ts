import { defineCause } from "../cause.ts";
import type { Facts } from "../rule.ts";
import { textOf } from "../session-remedies.ts";

export const hbaRejectsCause = defineCause({
  id: "hba-rejects",
  title: "pg_hba.conf does not let this client in",
  proof: ["pg-hba-rejects"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["role-missing", "wrong-password", "tls-required-or-mismatched"],
  remedies: [],

  advice({ lead: { facts } }) {
    return [
      `Add a line to pg_hba.conf before any that rejects, for the narrowest address that fits: ${lineType(facts)} ${textOf(facts, "database")} ${textOf(facts, "role")} <address>/32 scram-sha-256`,
      "Then: select pg_reload_conf(); and look for mistakes in the file: select line_number, error from pg_hba_file_rules where error is not null;",
    ];
  },
});

/** A hostssl line lets nobody in who comes without TLS, as we did by the server's own words. */
function lineType(facts: Facts): string {
  return /no encryption|SSL off/u.test(textOf(facts, "serverSaid")) ? "host" : "hostssl";
}
