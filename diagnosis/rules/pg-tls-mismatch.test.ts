import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { tlsMismatch } from "./pg-tls-mismatch.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-tls-mismatch", () => {
  it("knows a server that wants TLS from a client that does not", () => {
    assert.deepEqual(
      judged(
        tlsMismatch,
        refused({ sqlState: "28000", sslMode: "disable", serverOffersTls: true, message: "no pg_hba.conf entry for host, no encryption" }),
      ),
      ["critical db1.example.com:5432"],
    );
    assert.match(
      firstFound(
        tlsMismatch,
        refused({ sqlState: "28000", sslMode: "disable", serverOffersTls: true, message: "no pg_hba.conf entry for host, no encryption" }),
      ).summary,
      /refuses connections without TLS, and sslmode=disable does not try it/,
    );
  });

  it("knows a client that wants TLS from a server that has none", () => {
    assert.deepEqual(judged(tlsMismatch, refused({ stage: "tls", errorCode: "TLS_NOT_OFFERED", sslMode: "require" })), [
      "critical db1.example.com:5432",
    ]);
    assert.match(
      firstFound(tlsMismatch, refused({ stage: "tls", errorCode: "TLS_NOT_OFFERED", sslMode: "require" })).summary,
      /sslmode=require insists on TLS, and db1\.example\.com:5432 does not offer it/,
    );
  });

  it("knows a certificate for another name", () => {
    assert.deepEqual(
      judged(
        tlsMismatch,
        refused({
          stage: "tls",
          errorCode: "ERR_TLS_CERT_ALTNAME_INVALID",
          certificate: {
            subject: "a",
            issuer: "b",
            validFrom: "2026-01-01T00:00:00Z",
            validTo: "2027-01-01T00:00:00Z",
            names: ["db2.example.com"],
            selfSigned: false,
          },
        }),
      ),
      ["critical db1.example.com:5432"],
    );
    assert.match(
      firstFound(
        tlsMismatch,
        refused({
          stage: "tls",
          errorCode: "ERR_TLS_CERT_ALTNAME_INVALID",
          certificate: {
            subject: "a",
            issuer: "b",
            validFrom: "2026-01-01T00:00:00Z",
            validTo: "2027-01-01T00:00:00Z",
            names: ["db2.example.com"],
            selfSigned: false,
          },
        }),
      ).summary,
      /is for db2\.example\.com, not for db1\.example\.com/,
    );
  });

  it("knows an issuer that is not trusted", () => {
    assert.deepEqual(judged(tlsMismatch, refused({ stage: "tls", errorCode: "DEPTH_ZERO_SELF_SIGNED_CERT" })), [
      "critical db1.example.com:5432",
    ]);
    assert.match(
      firstFound(tlsMismatch, refused({ stage: "tls", errorCode: "DEPTH_ZERO_SELF_SIGNED_CERT" })).summary,
      /is not trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    );
  });

  it("knows a handshake that failed", () => {
    assert.deepEqual(judged(tlsMismatch, refused({ stage: "tls", errorCode: "EPROTO", message: "wrong version number" })), [
      "critical db1.example.com:5432",
    ]);
    assert.match(
      firstFound(tlsMismatch, refused({ stage: "tls", errorCode: "EPROTO", message: "wrong version number" })).summary,
      /handshake with db1\.example\.com:5432 failed \(EPROTO\): "wrong version number"/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(tlsMismatch), "clear");
    assert.equal(judged(tlsMismatch, refused({ stage: "tls", errorCode: "CERT_HAS_EXPIRED" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(tlsMismatch, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
