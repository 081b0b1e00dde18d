import { addressOf, refusalOf } from "../refusal.ts";
import { defineRule, type Severity } from "../rule.ts";

/** A renewal that is automatic has happened by now; one by hand needs a change window. */
const EXPIRES_SOON_DAYS = 14;
const DAY_MS = 86_400_000;

export const certificateValidity = defineRule({
  id: "pg-certificate-validity",
  title: "The server's certificate is out of date, or will be soon",
  why: "From that moment every client that verifies the certificate (sslmode=verify-ca or verify-full) is without a database.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }, { takenAt }) {
    const { certificate } = connect;
    const isRefused = refusalOf(connect) === "certificate-out-of-date";
    if (certificate === null && !isRefused) return [];
    const now = Date.parse(takenAt);
    const daysLeft = certificate === null ? null : (Date.parse(certificate.validTo) - now) / DAY_MS;
    const isEarly = certificate !== null && Date.parse(certificate.validFrom) > now;
    if (!isRefused && !isEarly && daysLeft !== null && daysLeft >= EXPIRES_SOON_DAYS) return [];
    const severity: Severity = isRefused ? "critical" : "warning";
    const of = `the certificate of ${connect.host}:${connect.port}${certificate === null ? "" : ` ("${certificate.subject}")`}`;
    const says =
      certificate === null || daysLeft === null
        ? `is not valid today (${connect.errorCode})`
        : isEarly
          ? `is not valid before ${certificate.validFrom}`
          : daysLeft < 0
            ? `expired ${Math.floor(-daysLeft)} days ago, on ${certificate.validTo}`
            : `expires in ${Math.floor(daysLeft)} days, on ${certificate.validTo}`;
    return [
      {
        severity,
        object: addressOf(connect),
        summary: `${of} ${says}${connect.outcome === "connected" ? "; our own connection does not mind, clients that verify it do" : ""}`,
        facts: {
          validFrom: certificate?.validFrom ?? null,
          validTo: certificate?.validTo ?? null,
          daysLeft: daysLeft === null ? null : Math.floor(daysLeft),
          subject: certificate?.subject ?? null,
          issuer: certificate?.issuer ?? null,
          errorCode: connect.errorCode,
          sslMode: connect.sslMode,
        },
      },
    ];
  },

  clear: ({ "pg.connect": { certificate } }) =>
    certificate === null ? "no certificate was shown" : `the certificate is valid until ${certificate.validTo}`,
});
