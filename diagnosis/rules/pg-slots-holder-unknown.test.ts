import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { slotsHolderUnknown } from "./pg-slots-holder-unknown.ts";

const blind = { "pg.slots": unseen("unreachable"), "pg.sessions": unseen("unreachable") };
const refused = (message: string) => ({ ...blind, "pg.connect": refusedConnect({ sqlState: "53300", message }) });

describe("pg-slots-holder-unknown", () => {
  it("names the server that has no slot for us", () => {
    assert.deepEqual(judged(slotsHolderUnknown, refused("sorry, too many clients already")), ["critical db1.example.com:5432"]);
    assert.match(
      firstFound(slotsHolderUnknown, refused("sorry, too many clients already")).summary,
      /every connection slot .* is taken \(SQLSTATE 53300\)/,
    );
  });

  it("finds full slots whose sessions' states are hidden", () => {
    const hidden = { "pg.slots": { used: 97 }, "pg.sessions": { statesVisible: false } };
    assert.deepEqual(judged(slotsHolderUnknown, hidden), ["critical server"]);
  });

  it("is clear where a limit is named, where the holder is known, and while there is room", () => {
    assert.equal(judged(slotsHolderUnknown, refused('too many connections for role "helpdesk"')), "clear");
    assert.equal(judged(slotsHolderUnknown, { "pg.slots": { used: 97 }, "pg.sessions": { idle: 90, active: 5 } }), "clear");
    assert.equal(judged(slotsHolderUnknown), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(slotsHolderUnknown, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
