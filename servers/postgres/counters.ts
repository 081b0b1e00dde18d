/** What becomes of two readings of a counter. Pure. A counter that went back was reset meanwhile: it then counts from 0. */
export function increase(before: number | null | undefined, after: number | null): number {
  if (after === null) return 0;
  if (before === null || before === undefined) return 0;
  return after >= before ? after - before : after;
}

export function ratePerSecond(before: number | null | undefined, after: number | null, elapsedSeconds: number): number {
  return elapsedSeconds > 0 ? increase(before, after) / elapsedSeconds : 0;
}
