import type { PgSessions } from "../../../diagnosis/evidence/pg-activity.ts";
import { defineProbe } from "../probe.ts";
import {
  selectIdleInTransaction,
  selectLongestStatements,
  selectOldestTransactions,
  selectSessionGroups,
  selectSessionTotals,
} from "../queries/sessions.ts";
import { applicationName, toSession } from "../session.ts";

const GROUP_CAP = 50;
const TRANSACTION_CAP = 50;
const STATEMENT_CAP = 20;

/** Client sessions without our own. Where other roles' states are hidden, `statesVisible` says that the counts by state are not of all. */
export const sessions = defineProbe({
  id: "pg.sessions",

  async run({ sql, server: { versionNum }, ownPids }): Promise<PgSessions> {
    const totals = await selectSessionTotals(sql, ownPids);
    const groups = await selectSessionGroups(sql, ownPids, GROUP_CAP);
    const oldest = await selectOldestTransactions(sql, versionNum, ownPids, TRANSACTION_CAP);
    const longest = totals.active > 0 ? await selectLongestStatements(sql, versionNum, ownPids, STATEMENT_CAP) : [];
    const parked = totals.idleInTransaction + totals.idleInTransactionAborted;
    const idle = parked > 0 ? await selectIdleInTransaction(sql, versionNum, ownPids, TRANSACTION_CAP) : [];
    return {
      ...totals,
      groups: groups.map((group) => ({ ...group, application: applicationName(group.application) })),
      oldestTransactions: oldest.map(toSession),
      longestStatements: longest.map(toSession),
      idleInTransactionSessions: idle.map(toSession),
    };
  },
});
