import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { passwordRejected } from "./pg-password-rejected.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-password-rejected", () => {
  it("names the role whose password was rejected", () => {
    assert.deepEqual(judged(passwordRejected, refused({ sqlState: "28P01", role: "app", passwordGiven: true })), ["critical app"]);
    assert.match(
      firstFound(passwordRejected, refused({ sqlState: "28P01", role: "app", passwordGiven: true })).summary,
      /rejected the password for role app \(SQLSTATE 28P01\)/,
    );
  });

  it("says when there was none to give", () => {
    assert.deepEqual(
      judged(passwordRejected, refused({ errorCode: "PASSWORD_REQUIRED", stage: "authenticate", role: "app", passwordGiven: false })),
      ["critical app"],
    );
    assert.match(
      firstFound(passwordRejected, refused({ errorCode: "PASSWORD_REQUIRED", stage: "authenticate", role: "app", passwordGiven: false }))
        .summary,
      /asks for a password for role app, and none is configured/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(passwordRejected), "clear");
    assert.equal(judged(passwordRejected, refused({ sqlState: "28000", message: 'role "app" does not exist' })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(passwordRejected, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
