import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { nothingListens } from "./pg-nothing-listens.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-nothing-listens", () => {
  it("names the address that refused", () => {
    assert.deepEqual(judged(nothingListens, refused({})), ["critical db1.example.com:5432"]);
    assert.match(firstFound(nothingListens, refused({})).summary, /db1\.example\.com:5432 refused the connection \(ECONNREFUSED\)/);
  });

  it("knows a socket without a server", () => {
    assert.deepEqual(judged(nothingListens, refused({ host: "/run/pg", errorCode: "ENOENT" })), ["critical /run/pg"]);
    assert.match(
      firstFound(nothingListens, refused({ host: "/run/pg", errorCode: "ENOENT" })).summary,
      /no server behind the socket in \/run\/pg/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(nothingListens), "clear");
    assert.equal(judged(nothingListens, refused({ sqlState: "28P01" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(nothingListens, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
