import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eventStream } from "./event-stream.ts";

suite("an event stream", () => {
  test("gives every event in order, and waits with the work until one has been dealt with", async () => {
    const happened: string[] = [];
    const stream = eventStream<number>(async (emit) => {
      await emit(1);
      happened.push("work goes on after 1");
      await emit(2);
    });
    for await (const event of stream) happened.push(`dealt with ${event}`);
    assert.deepEqual(happened, ["dealt with 1", "work goes on after 1", "dealt with 2"]);
  });

  test("gives what was emitted without waiting before the work failed, then the failure", async () => {
    const seen: number[] = [];
    const stream = eventStream<number>(async (emit) => {
      void emit(1);
      void emit(2);
      throw new Error("broken");
    });
    await assert.rejects(async () => {
      for await (const event of stream) seen.push(event);
    }, /broken/u);
    assert.deepEqual(seen, [1, 2]);
  });

  test("aborts the work and waits for it when the reader leaves", async () => {
    let isEnded = false;
    const stream = eventStream<number>(async (emit, signal) => {
      await emit(1);
      await emit(2);
      while (!signal.aborted) await new Promise((resolve) => setImmediate(resolve));
      isEnded = true;
    });
    for await (const event of stream) if (event === 2) break;
    assert.ok(isEnded);
  });
});
