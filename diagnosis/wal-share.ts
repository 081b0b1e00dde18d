import type { Finding } from "./cause.ts";

const MOST = 0.5;

/**
 * Whether so many bytes are most of what pg_wal holds beyond max_wal_size. Several things may keep WAL at once; the one
 * that keeps little does not explain a full directory. Unknown bytes count: nobody can say that they are few.
 */
export function isMostOfWal(symptom: Finding, keptBytes: Finding["facts"][string] | undefined): boolean {
  const { directoryBytes, maxWalSizeBytes } = symptom.facts;
  if (symptom.rule !== "pg-wal-piles-up" || typeof keptBytes !== "number") return true;
  return keptBytes >= MOST * (Number(directoryBytes) - Number(maxWalSizeBytes));
}
