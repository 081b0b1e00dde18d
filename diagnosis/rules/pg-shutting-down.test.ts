import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { shuttingDown } from "./pg-shutting-down.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-shutting-down", () => {
  it("quotes the server", () => {
    assert.deepEqual(judged(shuttingDown, refused({ sqlState: "57P03", message: "the database system is shutting down" })), [
      "critical db1.example.com:5432",
    ]);
    assert.match(
      firstFound(shuttingDown, refused({ sqlState: "57P03", message: "the database system is shutting down" })).summary,
      /is shutting down: "the database system is shutting down"/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(shuttingDown), "clear");
    assert.equal(judged(shuttingDown, refused({ sqlState: "57P03", message: "the database system is starting up" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(shuttingDown, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
