import { defineCause } from "../cause.ts";

export const leakedTransactions = defineCause({
  id: "leaked-transactions",
  title: "The application opens transactions and never ends them",
  proof: ["pg-idle-in-transaction"],
  explains: ["pg-connections-exhausted"],
  refutedBy: [],
  remedies: [],
});
