import { setTimeout as pause } from "node:timers/promises";

/**
 * Looks until `isEnough`, `timeoutMs` at the longest, and gives back the last look. With `times`, so often in a row: what
 * is so for an instant only is not yet so.
 */
export async function pollUntil<T>(
  look: () => Promise<T>,
  isEnough: (seen: T) => boolean,
  { signal, timeoutMs, intervalMs = 100, times = 1 }: { signal: AbortSignal; timeoutMs: number; intervalMs?: number; times?: number },
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (let inARow = 0; ; ) {
    const found = await look();
    inARow = isEnough(found) ? inARow + 1 : 0;
    if (inARow >= times || performance.now() >= end) return found;
    await pause(intervalMs, undefined, { signal });
  }
}
