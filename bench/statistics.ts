/** Milliseconds. */
export interface Timing {
  readonly p50: number;
  readonly p95: number;
  readonly min: number;
  readonly max: number;
  readonly samples: number;
}

export function timingOf(milliseconds: readonly number[]): Timing {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), min: at(0), max: at(1), samples: sorted.length };
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Every contestant once, in turn, `rounds` times: what else the machine does hits all of them alike. */
export async function interleaved<Name extends string>(
  rounds: number,
  contestants: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, Timing>> {
  const names = Object.keys(contestants).filter((name): name is Name => name in contestants);
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) times.get(name)?.push(await contestants[name]());
  }
  const result: Partial<Record<Name, Timing>> = {};
  for (const name of names) result[name] = timingOf(times.get(name) ?? []);
  return requireAll(result, names);
}

function requireAll<Name extends string>(result: Partial<Record<Name, Timing>>, names: readonly Name[]): Record<Name, Timing> {
  const isComplete = (partial: Partial<Record<Name, Timing>>): partial is Record<Name, Timing> =>
    names.every((name) => partial[name] !== undefined);
  if (!isComplete(result)) throw new Error("a contestant was never run");
  return result;
}
