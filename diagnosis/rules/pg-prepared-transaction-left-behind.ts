import { rounded, sessionsText, severityOf, treesOfKind } from "../lock-trees.ts";
import { duration } from "../report/quantity.ts";
import { defineRule, type Severity } from "../rule.ts";

/** A transaction manager finishes the second phase within seconds; after this long it has lost track. */
const LEFT_BEHIND_SECONDS = 600;

export const preparedTransactionLeftBehind = defineRule({
  id: "pg-prepared-transaction-left-behind",
  title: "A prepared transaction was left behind",
  why: "It survives disconnects and restarts, and keeps its locks and the vacuum horizon until it is committed or rolled back by name.",
  gravest: "critical",
  needs: ["pg.prepared"],
  wants: ["pg.locks"],

  judge({ "pg.prepared": prepared, "pg.locks": locks }) {
    const trees = locks === undefined ? [] : treesOfKind(locks, "prepared");
    const blockedBy = (gid: string, database: string) =>
      trees.find(({ root }) => root.kind === "prepared-transaction" && root.gid === gid && root.database === database);
    return prepared.transactions.flatMap(({ gid, owner, database, preparedAt, ageSeconds, xidAge }) => {
      const tree = blockedBy(gid, database);
      if (tree === undefined && ageSeconds < LEFT_BEHIND_SECONDS) return [];
      const severity: Severity = tree === undefined ? "warning" : severityOf(tree);
      const blocks =
        tree === undefined ? "" : ` and blocks ${sessionsText(tree.blocked)}, the longest for ${duration(tree.longestWaitSeconds)}`;
      return [
        {
          severity,
          object: { kind: "prepared-transaction" as const, gid, database },
          summary: `prepared transaction '${gid}' of role ${owner} in database ${database} has waited ${duration(ageSeconds)} for its COMMIT PREPARED or ROLLBACK PREPARED${blocks}`,
          facts: {
            gid,
            owner,
            database,
            preparedAt,
            ageSeconds: rounded(ageSeconds),
            xidAge,
            blocked: tree?.blocked ?? 0,
            longestWaitSeconds: tree === undefined ? null : rounded(tree.longestWaitSeconds),
          },
        },
      ];
    });
  },

  clear: ({ "pg.prepared": prepared }) =>
    prepared.transactions.length === 0
      ? "there are no prepared transactions"
      : `${prepared.transactions.length} prepared transactions, none older than ${duration(LEFT_BEHIND_SECONDS)} and none blocks anyone`,
});
