import { overdueAge, severityOfAge, WRAPAROUND_AGE } from "../freeze-limits.ts";
import { grouped } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** The same danger as with transaction ids, from rows that several transactions lock at once (foreign keys do that). */
export const multixactWraparoundNear = defineRule({
  id: "pg-multixact-wraparound-near",
  title: "Multixact ids run towards wraparound",
  why: "At 2^31 multixacts past the oldest one in use, PostgreSQL refuses statements that need a new one.",
  gravest: "critical",
  needs: ["pg.databases", "pg.vacuum"],

  judge({ "pg.databases": { databases }, "pg.vacuum": { multixactFreezeMaxAge } }) {
    const near = databases.filter((one) => one.multixactAge >= overdueAge(multixactFreezeMaxAge));
    const worst = near.toSorted((a, b) => b.multixactAge - a.multixactAge || Number(a.isTemplate) - Number(b.isTemplate))[0];
    if (worst === undefined) return [];
    const { name, multixactAge } = worst;
    return [
      {
        severity: severityOfAge(multixactAge),
        object: { kind: "database", name },
        summary: `database "${name}" is ${grouped(multixactAge)} multixacts old, ${grouped(WRAPAROUND_AGE - multixactAge)} before wraparound (autovacuum_multixact_freeze_max_age is ${grouped(multixactFreezeMaxAge)})`,
        facts: {
          multixactAge,
          remainingMultixacts: WRAPAROUND_AGE - multixactAge,
          multixactFreezeMaxAge,
          databases: near.map((one) => one.name),
        },
      },
    ];
  },

  clear: ({ "pg.vacuum": { oldestMultixactAge, multixactFreezeMaxAge } }) =>
    `the oldest database is ${grouped(oldestMultixactAge)} multixacts old; autovacuum_multixact_freeze_max_age is ${grouped(multixactFreezeMaxAge)}`,
});
