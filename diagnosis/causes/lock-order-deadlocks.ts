import { defineCause } from "../cause.ts";
import { numberOf } from "../session-remedies.ts";

const WAITS_A_DEADLOCK = 10;

export const lockOrderDeadlocks = defineCause({
  id: "lock-order-deadlocks",
  title: "Transactions lock the same things in different orders",
  proof: ["pg-deadlocks"],
  explains: ["pg-lock-contention"],
  refutedBy: [],
  mistakenFor: ["idle-transaction-blocks", "hot-row-contention"],
  // Each deadlock makes a few waits; many more than that come from somewhere else.
  explainsOnly: (symptom, lead) => numberOf(symptom.facts, "distinctWaits") <= numberOf(lead.facts, "deadlocks") * WAITS_A_DEADLOCK,
  atMost: "warning",
  remedies: [],

  advice: () => [
    "The server's log names both statements of each deadlock (look for SQLSTATE 40P01): make every transaction lock its rows in one order, for example by primary key",
    "Let the application repeat a transaction that ends with 40P01: until the order is mended, one of each pair succeeds",
  ],
});
