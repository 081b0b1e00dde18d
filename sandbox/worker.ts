import { setTimeout as sleep } from "node:timers/promises";
import { openSession, type Reachable, type Session, type SessionOptions } from "./sessions.ts";

/** One client that does the same work over and over, as a service does, and reconnects when it is thrown out. */
export interface Worker extends AsyncDisposable {
  /** Turns done. */
  readonly turns: number;
  /** Turns that failed, and logins that were refused. */
  readonly failed: number;
}

const RECONNECT_MS = 300;

/** `turn` gets the session and the number of the turn, from 0. */
export function startWorker(
  server: Reachable,
  options: SessionOptions & { readonly pauseMs: number },
  turn: (session: Session, number: number) => Promise<unknown>,
): Worker {
  const { pauseMs, ...as } = options;
  const count = { turns: 0, failed: 0 };
  let session: Session | null = null;
  let isStopping = false;

  const work = async () => {
    while (!isStopping) {
      try {
        session ??= await openSession(server, as);
        await turn(session, count.turns);
        count.turns++;
        await sleep(pauseMs);
      } catch {
        count.failed++;
        await session?.[Symbol.asyncDispose]();
        session = null;
        await sleep(RECONNECT_MS);
      }
    }
    await session?.[Symbol.asyncDispose]();
  };
  const working = work();

  return {
    get turns() {
      return count.turns;
    },
    get failed() {
      return count.failed;
    },
    async [Symbol.asyncDispose]() {
      isStopping = true;
      // Which ends what the turn waits for, too.
      await session?.[Symbol.asyncDispose]();
      await working;
    },
  };
}
