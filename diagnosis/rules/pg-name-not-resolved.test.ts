import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { hostNameNotResolved } from "./pg-name-not-resolved.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-name-not-resolved", () => {
  it("names the host that has no address", () => {
    assert.deepEqual(judged(hostNameNotResolved, refused({ stage: "resolve", errorCode: "ENOTFOUND" })), ["critical db1.example.com:5432"]);
    assert.match(
      firstFound(hostNameNotResolved, refused({ stage: "resolve", errorCode: "ENOTFOUND" })).summary,
      /db1\.example\.com has no address here \(ENOTFOUND\)/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(hostNameNotResolved), "clear");
    assert.equal(judged(hostNameNotResolved, refused({ sqlState: "28P01" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(hostNameNotResolved, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
