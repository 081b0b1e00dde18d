import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../diagnose.ts";
import { refusedSnapshot } from "../example.ts";
import { causesOf, firstCause } from "../judged.ts";

describe("wrong-password", () => {
  it("names the role, and that a missing role gets the same answer", () => {
    const diagnosis = diagnose(refusedSnapshot({ sqlState: "28P01", role: "app", passwordGiven: true }));
    assert.deepEqual(causesOf(diagnosis), ["critical wrong-password: app"]);
    assert.match(firstCause(diagnosis).advice.join(" "), /the same for a role that does not exist/);
  });

  it("says where to put the password when there was none", () => {
    const missing = refusedSnapshot({ stage: "authenticate", errorCode: "PASSWORD_REQUIRED", role: "app", passwordGiven: false });
    assert.match(firstCause(diagnose(missing)).advice.join(" "), /passwordEnv or passwordFile .*PGPASSWORD.* pgpass/);
  });

  it("is not claimed where the role is said to be missing", () => {
    const missing = refusedSnapshot({ sqlState: "28000", role: "app", message: 'role "app" does not exist' });
    assert.deepEqual(causesOf(diagnose(missing)), ["critical role-missing: app"]);
  });
});
