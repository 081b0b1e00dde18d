import { defineCause } from "../cause.ts";

export const subtransactionOverflow = defineCause({
  id: "subtransaction-overflow",
  title: "Transactions use too many subtransactions",
  proof: ["pg-subtransaction-waits"],
  explains: [],
  refutedBy: [],
  atMost: "warning",
  remedies: [],

  advice: () => [
    "Look for savepoints in a loop: an ORM's nested transactions, exception blocks in PL/pgSQL loops, psql's ON_ERROR_ROLLBACK. More than 64 in one transaction overflow the cache",
    "Then for a transaction that stays open meanwhile, on a standby as well: it makes everyone look further back",
  ],
});
