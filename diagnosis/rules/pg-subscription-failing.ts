import { defineRule } from "../rule.ts";

/** An enabled subscription whose apply worker is not running or fails now. A disabled one is somebody's wish, unless errors disabled it. */
export const subscriptionFailing = defineRule({
  id: "pg-subscription-failing",
  title: "Logical replication does not apply",
  why: "The worker fails at the same change again and again, and the publisher keeps WAL for it.",
  gravest: "warning",
  needs: ["pg.replication"],

  judge({ "pg.replication": { subscriptions } }) {
    return subscriptions.flatMap((subscription) => {
      const errors = subscription.applyErrorsInWindow ?? 0;
      const isStopped = !subscription.workerRunning;
      if (!subscription.enabled || (errors === 0 && !isStopped)) return [];
      return [
        {
          severity: "warning" as const,
          object: { kind: "subscription" as const, name: subscription.name },
          summary: `subscription "${subscription.name}" is enabled, its apply worker is ${isStopped ? "not running" : "running"}; ${subscription.applyErrors === null ? "error counts need PostgreSQL 15" : `${errors} apply errors within the window, ${subscription.applyErrors} in all`}`,
          facts: {
            workerRunning: subscription.workerRunning,
            applyErrorsInWindow: subscription.applyErrorsInWindow,
            applyErrorsTotal: subscription.applyErrors,
            syncErrorsTotal: subscription.syncErrors,
            lastMessageSecondsAgo: subscription.lastMessageAgeSeconds,
          },
        },
      ];
    });
  },

  clear: ({ "pg.replication": { subscriptions } }) => `${subscriptions.length} subscriptions, every enabled one has a running worker`,
});
