import { overdueAge, severityOfAge, WRAPAROUND_AGE } from "../freeze-limits.ts";
import { grouped } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";
import { describe, objectOf, partiesOf, withoutVacuum } from "../xmin-holder.ts";

/**
 * The databases that age towards wraparound because a holder's snapshot is itself older than autovacuum_freeze_max_age:
 * no vacuum can freeze past it. Those that nobody holds back are pg-wraparound-near's. A session holds back all databases
 * here, not its own only: each database's age counts the shared catalogs.
 */
export const freezeHeldBack = defineRule({
  id: "pg-freeze-held-back",
  title: "Tables age towards wraparound behind an old snapshot",
  why: "Vacuum cannot freeze what an old snapshot may still read; at 2^31 transactions PostgreSQL stops accepting writes.",
  gravest: "critical",
  needs: ["pg.databases", "pg.vacuum"],

  judge({ "pg.databases": { databases }, "pg.vacuum": vacuum }) {
    return withoutVacuum(vacuum).flatMap((holder) => {
      if (holder.age < vacuum.freezeMaxAge) return [];
      const behind = databases.filter(({ freezeAge }) => freezeAge >= overdueAge(vacuum.freezeMaxAge));
      const oldest = behind.toSorted((a, b) => b.freezeAge - a.freezeAge)[0];
      if (oldest === undefined) return [];
      return [
        {
          severity: severityOfAge(oldest.freezeAge),
          object: objectOf(holder),
          about: partiesOf(holder),
          summary: `database "${oldest.name}" is ${grouped(oldest.freezeAge)} transactions old, ${grouped(WRAPAROUND_AGE - oldest.freezeAge)} before wraparound, and cannot be frozen behind ${describe(holder)}`,
          facts: {
            database: oldest.name,
            freezeAgeTransactions: oldest.freezeAge,
            remainingTransactions: WRAPAROUND_AGE - oldest.freezeAge,
            holderAgeTransactions: holder.age,
            freezeMaxAgeTransactions: vacuum.freezeMaxAge,
          },
        },
      ];
    });
  },

  clear: ({ "pg.vacuum": vacuum }) =>
    `the oldest snapshot is ${grouped(Math.max(0, ...withoutVacuum(vacuum).map(({ age }) => age)))} transactions old, within autovacuum_freeze_max_age (${grouped(vacuum.freezeMaxAge)})`,
});
