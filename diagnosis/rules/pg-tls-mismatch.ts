import type { PgConnect } from "../evidence/pg-connection.ts";
import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const tlsMismatch = defineRule({
  id: "pg-tls-mismatch",
  title: "Client and server do not agree on TLS",
  why: "One side insists on encryption or on a certificate that the other does not have.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "tls-required" && refusal !== "tls-mismatch") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: disagreement(connect, refusal),
        facts: {
          ...refusalFacts(connect),
          serverOffersTls: connect.serverOffersTls,
          certificateSubject: connect.certificate?.subject ?? null,
          certificateIssuer: connect.certificate?.issuer ?? null,
          certificateNames: connect.certificate?.names ?? [],
          certificateSelfSigned: connect.certificate?.selfSigned ?? null,
        },
      },
    ];
  },

  clear: ({ "pg.connect": connect }) => {
    if (connect.tls !== null) return `TLS was agreed on (${connect.tls.version})`;
    if (connect.outcome === "connected") return "connected without TLS";
    return refusalOf(connect) === "certificate-out-of-date"
      ? "the handshake failed for the certificate's dates alone"
      : "TLS is not what failed";
  },
});

function disagreement(connect: PgConnect, refusal: "tls-required" | "tls-mismatch"): string {
  const server = `${connect.host}:${connect.port}`;
  if (refusal === "tls-required") {
    return `${server} refuses connections without TLS, and sslmode=${connect.sslMode} does not try it ("${connect.message ?? ""}", SQLSTATE ${connect.sqlState})`;
  }
  const code = connect.errorCode ?? "";
  if (code === "TLS_NOT_OFFERED") return `sslmode=${connect.sslMode} insists on TLS, and ${server} does not offer it`;
  if (/ALTNAME|HOSTNAME/.test(code)) {
    const names = connect.certificate?.names ?? [];
    return `the certificate of ${server} is for ${names.length === 0 ? "another name" : names.join(", ")}, not for ${connect.host} (${code})`;
  }
  if (/SELF_SIGNED|UNABLE_TO_|ISSUER|INVALID_CA|CERT_UNTRUSTED/.test(code)) {
    const issuer = connect.certificate?.issuer;
    return `the certificate of ${server}${issuer === undefined ? "" : `, issued by "${issuer}",`} is not trusted here (${code}), and sslmode=${connect.sslMode} insists on that`;
  }
  return `the TLS handshake with ${server} failed (${code}): "${connect.message ?? ""}"`;
}
