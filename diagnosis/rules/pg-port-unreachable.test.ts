import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { portUnreachable } from "./pg-port-unreachable.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-port-unreachable", () => {
  it("names the address that does not answer", () => {
    assert.deepEqual(judged(portUnreachable, refused({ errorCode: "ETIMEDOUT", latencyMs: 5000 })), ["critical db1.example.com:5432"]);
    assert.match(
      firstFound(portUnreachable, refused({ errorCode: "ETIMEDOUT", latencyMs: 5000 })).summary,
      /neither accepted nor refused a connection within 5000 ms/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(portUnreachable), "clear");
    assert.equal(judged(portUnreachable, refused({ stage: "authenticate", errorCode: "ETIMEDOUT" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(portUnreachable, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
