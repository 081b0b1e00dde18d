import { defineCause } from "../cause.ts";
import { textOf } from "../session-remedies.ts";

export const tlsRequiredOrMismatched = defineCause({
  id: "tls-required-or-mismatched",
  title: "Client and server do not agree on TLS",
  proof: ["pg-tls-mismatch"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["certificate-expired", "hba-rejects"],
  remedies: [],

  advice({ lead: { facts } }) {
    const code = textOf(facts, "errorCode");
    if (code === "TLS_NOT_OFFERED")
      return [
        "Switch TLS on in the server (ssl = on, with ssl_cert_file and ssl_key_file), or, on a network that you trust, connect with sslmode=prefer",
      ];
    if (code === "")
      return ["Connect with sslmode=require or better. If that is refused, too, pg_hba.conf has no line for this client at all"];
    if (/ALTNAME|HOSTNAME/.test(code))
      return ["Connect by a name that is in the certificate, or have it issued for this one; sslmode=verify-ca does not compare names"];
    return [
      "Give the target the certificate of the authority that issued the server's (sslrootcert=...), or have the server's certificate issued by one that is trusted here",
    ];
  },
});
