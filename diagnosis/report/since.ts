import type { DiagnosedFinding } from "../diagnosis.ts";

/** When trouble began, as far as its proof tells: the age of the oldest thing that proves it. */
export interface Since {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly ageSeconds: number;
}

/** Facts that are ages ("longestSeconds", "idleSeconds"), not settings ("timeoutSeconds"), windows, or the latest of many ("lastFailedAgeSeconds"). */
const AGE =
  /(?:age|longest|oldest|idle|inactive|wait|waited|waiting|held|open|parked|blocked|running|down|failing|paused|queued|stuck)\w*seconds$/iu;
const NO_AGE = /^max|^last|timeout|limit|threshold|window|stats|reset|interval|average|mean|allowed|naptime/iu;

/** Null when nothing in the proof has an age. */
export function sinceWhen(proof: readonly DiagnosedFinding[], takenAt: string): Since | null {
  const ages = proof.flatMap(({ facts }) =>
    Object.entries(facts).flatMap(([name, fact]) =>
      typeof fact === "number" && fact > 0 && AGE.test(name) && !NO_AGE.test(name) ? [fact] : [],
    ),
  );
  const taken = Date.parse(takenAt);
  if (ages.length === 0 || Number.isNaN(taken)) return null;
  const ageSeconds = Math.max(...ages);
  const began = new Date(taken - ageSeconds * 1000);
  return Number.isNaN(began.getTime()) ? null : { at: began.toISOString(), ageSeconds };
}
