import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { loginRefused } from "./pg-login-refused.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-login-refused", () => {
  it("quotes a refusal that is about the role", () => {
    assert.deepEqual(judged(loginRefused, refused({ sqlState: "28000", role: "app", message: 'role "app" is not permitted to log in' })), [
      "critical db1.example.com:5432",
    ]);
    assert.match(
      firstFound(loginRefused, refused({ sqlState: "28000", role: "app", message: 'role "app" is not permitted to log in' })).summary,
      /refused the login of role app .*"role "app" is not permitted to log in" \(SQLSTATE 28000\)/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(loginRefused), "clear");
    assert.equal(judged(loginRefused, refused({ errorCode: "UNKNOWN", stage: "authenticate" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(loginRefused, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
