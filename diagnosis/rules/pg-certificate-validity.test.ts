import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, refusedConnect, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { certificateValidity } from "./pg-certificate-validity.ts";

const DAY = 86_400;
const validity = (from: number, to: number) => ({
  "pg.connect": { certificate: { validFrom: ago(-from * DAY), validTo: ago(-to * DAY) } },
});

describe("pg-certificate-validity", () => {
  it("is critical when the connection failed for it", () => {
    const overrides = { "pg.connect": refusedConnect({ stage: "tls", errorCode: "CERT_HAS_EXPIRED" }) };
    assert.deepEqual(judged(certificateValidity, overrides), ["critical db1.example.com:5432"]);
    assert.match(firstFound(certificateValidity, overrides).summary, /is not valid today \(CERT_HAS_EXPIRED\)/);
  });

  it("warns of one that has expired while we were let in without looking at it", () => {
    assert.deepEqual(judged(certificateValidity, validity(-400, -3)), ["warning db1.example.com:5432"]);
    assert.match(firstFound(certificateValidity, validity(-400, -3)).summary, /expired 3 days ago.*clients that verify it do/);
  });

  it("warns below fourteen days, and not before", () => {
    assert.match(firstFound(certificateValidity, validity(-400, 13.5)).summary, /expires in 13 days/);
    assert.equal(judged(certificateValidity, validity(-400, 14)), "clear");
  });

  it("warns of one that is not valid yet", () => {
    assert.match(firstFound(certificateValidity, validity(1, 300)).summary, /is not valid before/);
  });

  it("is clear without a certificate", () => {
    assert.equal(judged(certificateValidity, { "pg.connect": refusedConnect() }), "clear");
    assert.match(clearText(certificateValidity) ?? "", /^the certificate is valid until 2026-/);
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(certificateValidity, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
