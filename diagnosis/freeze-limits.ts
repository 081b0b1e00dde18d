/**
 * How near an age is to wraparound. PostgreSQL refuses new transactions 3 million before 2^31, and abandons its own
 * politeness (cost delays, index cleanup) at vacuum_failsafe_age; both are counted from the present transaction back.
 */
export const WRAPAROUND_AGE = 2 ** 31;

/** vacuum_failsafe_age and vacuum_multixact_failsafe_age, at their defaults: PostgreSQL's own last resort. */
const FAILSAFE_AGE = 1_600_000_000;

/**
 * Autovacuum begins by force at `freezeMaxAge`: being past that is everyday. Twice as far, or half way from there to the
 * end, it has failed for a long time.
 */
export function overdueAge(freezeMaxAge: number): number {
  return Math.min(2 * freezeMaxAge, (freezeMaxAge + WRAPAROUND_AGE) / 2, FAILSAFE_AGE);
}

export function severityOfAge(age: number): "critical" | "warning" {
  return age >= FAILSAFE_AGE ? "critical" : "warning";
}
