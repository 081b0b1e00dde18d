import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { connectionFailed } from "./pg-connection-failed.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-connection-failed", () => {
  it("quotes what no rule knows", () => {
    assert.deepEqual(judged(connectionFailed, refused({ errorCode: "UNKNOWN", stage: "authenticate", message: "odd" })), [
      "critical db1.example.com:5432",
    ]);
    assert.match(
      firstFound(connectionFailed, refused({ errorCode: "UNKNOWN", stage: "authenticate", message: "odd" })).summary,
      /failed at the stage authenticate \(UNKNOWN\): "odd"/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(connectionFailed), "clear");
    assert.equal(judged(connectionFailed, refused({ sqlState: "XX000", message: "odd" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(connectionFailed, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
