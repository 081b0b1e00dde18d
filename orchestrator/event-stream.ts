/**
 * Work that reports on its way, as an async generator. `emit` resolves when the event has been dealt with, so that a
 * question can be shown before anyone is asked it. Leaving the loop early aborts the signal and waits for the work.
 */
export async function* eventStream<Event>(work: Work<Event>): AsyncGenerator<Event, void, void> {
  const waiting: { readonly event: Event; readonly taken: () => void }[] = [];
  const left = new AbortController();
  let wake = Promise.withResolvers<void>();
  let isOver = false;

  const emit = (event: Event) =>
    new Promise<void>((taken) => {
      if (left.signal.aborted) return taken();
      waiting.push({ event, taken });
      wake.resolve();
    });
  const done = work(emit, left.signal).finally(() => {
    isOver = true;
    wake.resolve();
  });
  done.catch(() => {}); // Thrown below, where somebody waits for it.

  let isEnded = false;
  try {
    while (true) {
      const next = waiting.shift();
      if (next !== undefined) {
        try {
          yield next.event;
        } finally {
          next.taken();
        }
      } else if (isOver) {
        break;
      } else {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    }
    isEnded = true;
    await done;
  } finally {
    if (!isEnded) {
      left.abort();
      for (const { taken } of waiting.splice(0)) taken();
      await done.catch(() => {});
    }
  }
}

export type Emit<Event> = (event: Event) => Promise<void>;
export type Work<Event> = (emit: Emit<Event>, signal: AbortSignal) => Promise<void>;
