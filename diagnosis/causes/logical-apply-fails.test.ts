import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed, firstCause } from "../judged.ts";

const subscription = (workerRunning: boolean) =>
  diagnosed({
    "pg.replication": {
      subscriptions: [
        {
          name: "Warehouse",
          enabled: true,
          workerRunning,
          lastMessageAgeSeconds: 1,
          applyErrors: 40,
          syncErrors: 0,
          applyErrorsInWindow: 0,
        },
      ],
    },
  });

describe("logical-apply-fails", () => {
  it("is claimed for the subscription", () => {
    assert.deepEqual(causesOf(subscription(false)), ["warning logical-apply-fails: Warehouse"]);
    assert.match(firstCause(subscription(false)).advice.join(" "), /alter subscription "Warehouse" skip/);
  });

  it("is not claimed for errors that are over", () => {
    assert.deepEqual(causesOf(subscription(true)), []);
  });
});
