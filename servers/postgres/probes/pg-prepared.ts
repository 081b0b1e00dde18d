import type { PgPrepared } from "../../../diagnosis/evidence/pg-activity.ts";
import { defineProbe } from "../probe.ts";
import { selectMaxPrepared, selectPrepared } from "../queries/prepared.ts";

const CAP = 50;

/** Prepared transactions, of every database of the server. No grant is needed. */
export const prepared = defineProbe({
  id: "pg.prepared",

  async run({ sql, skip }): Promise<PgPrepared> {
    const max = await selectMaxPrepared(sql);
    const transactions = max === 0 ? [] : await selectPrepared(sql, CAP + 1);
    if (transactions.length > CAP) skip(`prepared transactions beyond the ${CAP} oldest`);
    return { max, transactions: transactions.slice(0, CAP) };
  },
});
