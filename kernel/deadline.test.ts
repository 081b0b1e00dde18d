import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withinSeconds } from "./deadline.ts";
import { ToolError } from "./errors.ts";

const none = () => {};

describe("work under a deadline", () => {
  it("that is in time is answered as it is", async () => {
    assert.equal(await withinSeconds(5, undefined, async () => 7, none), 7);
    await assert.rejects(
      withinSeconds(5, undefined, async () => Promise.reject(new RangeError("own")), none),
      RangeError,
    );
  });

  it("that listens ends with TIMED_OUT, and what it threw for it is the cause", async () => {
    const work = (signal: AbortSignal) => sleep(5_000, undefined, { signal });
    await assert.rejects(
      withinSeconds(0.05, undefined, work, none),
      (error: ToolError) => error.code === "TIMED_OUT" && error.cause instanceof Error,
    );
  });

  it("that says the same in better words is believed", async () => {
    const work = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(new ToolError("TIMED_OUT", "the server accepted and never answered")));
      });
    await assert.rejects(withinSeconds(0.05, undefined, work, none), { message: "the server accepted and never answered" });
  });

  it("that finishes within the grace is still answered", async () => {
    const work = (signal: AbortSignal) =>
      new Promise<string>((resolve) => {
        signal.addEventListener("abort", () => setTimeout(() => resolve("partial"), 5));
      });
    assert.equal(await withinSeconds(0.05, undefined, work, none), "partial");
  });

  it("that listens to nothing is given up, and what it came to in the end is told", async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const late = Promise.withResolvers<unknown>();
    await assert.rejects(
      withinSeconds(0.05, undefined, () => promise, late.resolve),
      { code: "TIMED_OUT" },
    );
    reject(new Error("at last"));
    assert.match(String(await late.promise), /at last/);
  });

  it("is CANCELLED by the caller, and not begun when the caller left before", async () => {
    const controller = new AbortController();
    const cancelled = withinSeconds(5, controller.signal, (signal) => sleep(5_000, undefined, { signal }), none);
    controller.abort();
    await assert.rejects(cancelled, { code: "CANCELLED" });
    let began = false;
    const work = async () => {
      began = true;
    };
    await assert.rejects(withinSeconds(5, AbortSignal.abort(), work, none), { code: "CANCELLED" });
    assert.equal(began, false);
  });
});
