import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { serverDoesNotAnswer } from "./pg-server-does-not-answer.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-server-does-not-answer", () => {
  it("names the port that accepts and is silent", () => {
    assert.deepEqual(judged(serverDoesNotAnswer, refused({ stage: "authenticate", errorCode: "ETIMEDOUT", latencyMs: 5000 })), [
      "critical db1.example.com:5432",
    ]);
    assert.match(
      firstFound(serverDoesNotAnswer, refused({ stage: "authenticate", errorCode: "ETIMEDOUT", latencyMs: 5000 })).summary,
      /accepted the connection and then said nothing for 5000 ms/,
    );
  });

  it("names the port that hangs up", () => {
    assert.deepEqual(judged(serverDoesNotAnswer, refused({ stage: "tls", errorCode: "ECONNRESET" })), ["critical db1.example.com:5432"]);
    assert.match(
      firstFound(serverDoesNotAnswer, refused({ stage: "tls", errorCode: "ECONNRESET" })).summary,
      /cut it without a word \(ECONNRESET at the stage tls\)/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(serverDoesNotAnswer), "clear");
    assert.equal(judged(serverDoesNotAnswer, refused({ errorCode: "ETIMEDOUT" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(serverDoesNotAnswer, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
