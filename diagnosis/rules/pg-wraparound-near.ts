import { overdueAge, severityOfAge, WRAPAROUND_AGE } from "../freeze-limits.ts";
import { grouped } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";
import { withoutVacuum } from "../xmin-holder.ts";

/**
 * The oldest database that autovacuum should have frozen long ago, where no old snapshot keeps it from being frozen. They
 * age together, so that one is named and the others are counted.
 */
export const wraparoundNear = defineRule({
  id: "pg-wraparound-near",
  title: "Transaction ids run towards wraparound",
  why: "At 2^31 transactions past the oldest unfrozen row, PostgreSQL stops accepting writes to protect the data.",
  gravest: "critical",
  needs: ["pg.databases", "pg.vacuum"],
  wants: ["pg.tables"],

  judge({ "pg.databases": { databases }, "pg.vacuum": vacuum, "pg.tables": tables }) {
    const limit = overdueAge(vacuum.freezeMaxAge);
    if (withoutVacuum(vacuum).some(({ age }) => age >= vacuum.freezeMaxAge)) return [];
    const near = databases.filter(({ freezeAge }) => freezeAge >= limit);
    const worst = near.toSorted((a, b) => b.freezeAge - a.freezeAge || Number(a.isTemplate) - Number(b.isTemplate))[0];
    if (worst === undefined) return [];
    const { name, freezeAge } = worst;
    const oldest = tables?.database === name ? tables.tables.toSorted((a, b) => b.freezeAge - a.freezeAge)[0] : undefined;
    const where = oldest === undefined ? "" : `; its oldest table is ${oldest.schema}.${oldest.name}`;
    return [
      {
        severity: severityOfAge(freezeAge),
        object: { kind: "database", name },
        summary: `database "${name}" is ${grouped(freezeAge)} transactions old, ${grouped(WRAPAROUND_AGE - freezeAge)} before wraparound (autovacuum_freeze_max_age is ${grouped(vacuum.freezeMaxAge)})${where}`,
        facts: {
          freezeAgeTransactions: freezeAge,
          remainingTransactions: WRAPAROUND_AGE - freezeAge,
          freezeMaxAgeTransactions: vacuum.freezeMaxAge,
          oldestTable: oldest === undefined ? null : `${oldest.schema}.${oldest.name}`,
          databases: near.map((one) => one.name),
        },
      },
    ];
  },

  clear: ({ "pg.vacuum": { oldestFreezeAge, freezeMaxAge } }) =>
    `the oldest database is ${grouped(oldestFreezeAge)} transactions old; autovacuum_freeze_max_age is ${grouped(freezeMaxAge)}, wraparound at ${grouped(WRAPAROUND_AGE)}`,
});
