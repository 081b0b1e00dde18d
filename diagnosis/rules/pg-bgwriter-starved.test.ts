import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { bgwriterStarved } from "./pg-bgwriter-starved.ts";

const judge = (buffers = {}) =>
  judged(bgwriterStarved, {
    "pg.wal": {
      buffers: { bgwriterLruMaxPages: 2, backendsPerSecond: 900, bgwriterPerSecond: 10, checkpointerPerSecond: 100, ...buffers },
    },
  });

describe("pg-bgwriter-starved", () => {
  it("warns when backends write most pages themselves", () => {
    assert.deepEqual(judge(), ["warning bgwriter_lru_maxpages"]);
  });

  it("only advises when it is seen to stop at its limit and nobody knows who else writes", () => {
    assert.deepEqual(judge({ backendsPerSecond: null, bgwriterStoppedInWindow: 3 }), ["advice bgwriter_lru_maxpages"]);
    assert.equal(judge({ backendsPerSecond: null, bgwriterStoppedInWindow: 2 }), "clear");
  });

  it("is clear at the default, however busy the server is", () => {
    assert.equal(judge({ bgwriterLruMaxPages: 100, bgwriterStoppedInWindow: 15 }), "clear");
    assert.deepEqual(judge({ bgwriterLruMaxPages: 99, bgwriterStoppedInWindow: 15 }), ["warning bgwriter_lru_maxpages"]);
  });

  it("is clear when nothing is written, or when the checkpointer writes most", () => {
    assert.equal(judge({ backendsPerSecond: 99, checkpointerPerSecond: 0 }), "clear");
    assert.deepEqual(judge({ backendsPerSecond: 100, checkpointerPerSecond: 0 }), ["warning bgwriter_lru_maxpages"]);
    assert.equal(judge({ checkpointerPerSecond: 891 }), "clear");
    assert.deepEqual(judge({ checkpointerPerSecond: 890 }), ["warning bgwriter_lru_maxpages"]);
    assert.equal(judge({ checkpointerPerSecond: 5_000 }), "clear");
  });

  it("is undecided without WAL's evidence", () => {
    assert.equal(judged(bgwriterStarved, { "pg.wal": unseen("timed-out") }), "undecided: timed-out");
  });
});
