import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { subtransactionWaits } from "./pg-subtransaction-waits.ts";

const waits = (averageSessions: number, type = "LWLock") => ({
  "pg.waits": { averageActive: 8, events: [{ type, event: "SubtransSLRU", averageSessions }] },
});

describe("pg-subtransaction-waits", () => {
  it("finds two sessions on average that wait for the subtransaction cache", () => {
    assert.deepEqual(judged(subtransactionWaits, waits(2)), ["warning (server)"]);
  });

  it("is clear for fewer, and for reads of the same file", () => {
    assert.equal(judged(subtransactionWaits, waits(1.9)), "clear");
    assert.equal(judged(subtransactionWaits, waits(5, "IO")), "clear");
  });

  it("is undecided when waits were not seen", () => {
    assert.equal(judged(subtransactionWaits, { "pg.waits": unseen("timed-out") }), "undecided: timed-out");
  });
});
