import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { ago, refusedSnapshot } from "../example.ts";
import { causesOf, diagnosed } from "../judged.ts";

describe("certificate-expired", () => {
  it("is the cause of a handshake that failed for it", () => {
    const diagnosis = diagnose(refusedSnapshot({ stage: "tls", errorCode: "CERT_HAS_EXPIRED" }));
    assert.deepEqual(causesOf(diagnosis), ["critical certificate-expired: db1.example.com:5432"]);
    assert.deepEqual(diagnosis.unexplained, []);
  });

  it("warns before it happens", () => {
    const certificate = { validTo: ago(-5 * 86_400) };
    assert.deepEqual(causesOf(diagnosed({ "pg.connect": { certificate } })), ["warning certificate-expired: db1.example.com:5432"]);
  });

  it("is not claimed for a certificate that is not trusted", () => {
    const untrusted = refusedSnapshot({ stage: "tls", errorCode: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    assert.deepEqual(causesOf(diagnose(untrusted)), ["critical tls-required-or-mismatched: db1.example.com:5432"]);
  });
});
