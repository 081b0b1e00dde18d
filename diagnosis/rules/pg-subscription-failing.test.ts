import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unseen } from "../example.ts";
import { judged } from "../judged.ts";
import { subscriptionFailing } from "./pg-subscription-failing.ts";

const judge = (more = {}) =>
  judged(subscriptionFailing, {
    "pg.replication": {
      subscriptions: [
        {
          name: "warehouse",
          enabled: true,
          workerRunning: true,
          lastMessageAgeSeconds: 1,
          applyErrors: 12,
          syncErrors: 0,
          applyErrorsInWindow: 0,
          ...more,
        },
      ],
    },
  });

describe("pg-subscription-failing", () => {
  it("names a subscription whose worker is not running, or fails now", () => {
    assert.deepEqual(judge({ workerRunning: false }), ["warning warehouse"]);
    assert.deepEqual(judge({ applyErrorsInWindow: 1 }), ["warning warehouse"]);
    assert.deepEqual(judge({ workerRunning: false, applyErrors: null, applyErrorsInWindow: null }), ["warning warehouse"]);
  });

  it("is clear for one that works, whatever failed earlier, and for one that somebody disabled", () => {
    assert.equal(judge(), "clear");
    assert.equal(judge({ enabled: false, workerRunning: false }), "clear");
  });

  it("is undecided without replication's evidence", () => {
    assert.equal(judged(subscriptionFailing, { "pg.replication": unseen("timed-out") }), "undecided: timed-out");
  });
});
