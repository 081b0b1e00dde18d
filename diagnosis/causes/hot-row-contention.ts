import { defineCause } from "../cause.ts";
import { isExhaustedByWaiters } from "../slot-holders.ts";

export const hotRowContention = defineCause({
  id: "hot-row-contention",
  title: "Many sessions change the same few rows",
  proof: ["pg-lock-contention"],
  explains: ["pg-connections-exhausted", "pg-connection-limit-reached"],
  refutedBy: [],
  mistakenFor: ["idle-transaction-blocks", "long-statement-blocks", "lock-order-deadlocks"],
  explainsOnly: isExhaustedByWaiters,
  remedies: [],

  advice({ lead: { facts } }) {
    const statements = facts["statements"];
    const [first] = Array.isArray(statements) ? statements : [];
    return [
      ...(first === undefined ? [] : [`The statement that waits most: ${first}`]),
      "Change the hot row last in its transaction, and keep nothing slow between that and COMMIT",
      "Spread a counter or a balance over several rows and sum them, or collect changes in an append-only table and fold them in batches",
      "For job queues: select ... for update skip locked",
    ];
  },
});
