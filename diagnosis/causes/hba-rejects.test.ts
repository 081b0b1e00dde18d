import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, firstCause } from "../judged.ts";

describe("hba-rejects", () => {
  it("is the one cause of that refusal, with its object, and leaves nothing unexplained", () => {
    const diagnosis = diagnose(
      refusedSnapshot({
        sqlState: "28000",
        sslMode: "prefer",
        message: 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "orders", no encryption',
      }),
    );
    assert.deepEqual(causesOf(diagnosis), ["critical hba-rejects: db1.example.com:5432"]);
    assert.deepEqual(diagnosis.unexplained, []);
    assert.equal(diagnosis.verdict, "problems");
    assert.match(firstCause(diagnosis).advice.join(" "), /pg_hba\.conf .*host orders helpdesk .*scram-sha-256/);
  });

  it("asks for a line with TLS only where we came with it", () => {
    const diagnosis = diagnose(
      refusedSnapshot({
        sqlState: "28000",
        sslMode: "require",
        message: 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "orders", SSL encryption',
      }),
    );
    assert.match(firstCause(diagnosis).advice.join(" "), /: hostssl orders helpdesk/);
  });

  it("is not claimed for a refusal that only looks like it", () => {
    const ids = diagnose(
      refusedSnapshot({
        sqlState: "28000",
        sslMode: "disable",
        message: 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "orders", no encryption',
      }),
    ).causes.map(({ id }) => id);
    assert.deepEqual(ids, ["tls-required-or-mismatched"]);
  });
});
