import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pollUntil } from "./poll.ts";

const { signal } = new AbortController();

describe("pollUntil", () => {
  it("looks until it is so, often enough in a row", async () => {
    const answers = [false, true, false, true, true, false];
    let looks = 0;
    const found = await pollUntil(
      async () => answers[looks++],
      (one) => one === true,
      { signal, timeoutMs: 60_000, intervalMs: 1, times: 2 },
    );
    assert.deepEqual([found, looks], [true, 5]);
  });

  it("gives back the last look when the time is over", async () => {
    let looks = 0;
    const found = await pollUntil(
      async () => ++looks,
      () => false,
      { signal, timeoutMs: 20, intervalMs: 1 },
    );
    assert.equal(found, looks);
    assert.ok(looks > 1);
  });

  it("ends with the caller's withdrawal, and with a look that fails", async () => {
    const withdrawn = AbortSignal.abort();
    await assert.rejects(
      pollUntil(
        async () => 1,
        () => false,
        { signal: withdrawn, timeoutMs: 60_000 },
      ),
      { name: "AbortError" },
    );
    await assert.rejects(
      pollUntil(
        () => Promise.reject(new Error("lost")),
        () => true,
        { signal, timeoutMs: 60_000 },
      ),
      /lost/,
    );
  });
});
