import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed } from "../judged.ts";

const judge = (bgwriterLruMaxPages: number) =>
  causesOf(diagnosed({ "pg.wal": { buffers: { bgwriterLruMaxPages, backendsPerSecond: 900, bgwriterStoppedInWindow: 14 } } }));

describe("bgwriter-misconfigured", () => {
  it("is claimed for the setting that is below its default", () => {
    assert.deepEqual(judge(2), ["warning bgwriter-misconfigured: bgwriter_lru_maxpages"]);
  });

  it("is not claimed at the default", () => {
    assert.deepEqual(judge(100), []);
  });
});
