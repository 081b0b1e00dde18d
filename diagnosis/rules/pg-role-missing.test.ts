import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { roleMissing } from "./pg-role-missing.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-role-missing", () => {
  it("names the role", () => {
    assert.deepEqual(judged(roleMissing, refused({ sqlState: "28000", role: "app", message: 'role "app" does not exist' })), [
      "critical app",
    ]);
    assert.match(
      firstFound(roleMissing, refused({ sqlState: "28000", role: "app", message: 'role "app" does not exist' })).summary,
      /the server has no role app/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(roleMissing), "clear");
    assert.equal(judged(roleMissing, refused({ sqlState: "28P01", message: 'password authentication failed for user "app"' })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(roleMissing, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
