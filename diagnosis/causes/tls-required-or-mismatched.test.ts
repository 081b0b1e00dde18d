import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, firstCause } from "../judged.ts";

describe("tls-required-or-mismatched", () => {
  it("is the one cause of that refusal, with its object, and leaves nothing unexplained", () => {
    const diagnosis = diagnose(refusedSnapshot({ stage: "tls", errorCode: "TLS_NOT_OFFERED", sslMode: "require" }));
    assert.deepEqual(causesOf(diagnosis), ["critical tls-required-or-mismatched: db1.example.com:5432"]);
    assert.deepEqual(diagnosis.unexplained, []);
    assert.equal(diagnosis.verdict, "problems");
    assert.match(firstCause(diagnosis).advice.join(" "), /ssl = on/);
  });

  it("is not claimed for a refusal that only looks like it", () => {
    const ids = diagnose(refusedSnapshot({ stage: "tls", errorCode: "CERT_HAS_EXPIRED" })).causes.map(({ id }) => id);
    assert.deepEqual(ids, ["certificate-expired"]);
  });
});
