import { ToolError } from "./errors.ts";

export type Phase<T> = (signal: AbortSignal) => Promise<T>;

/**
 * How long work may go on after its signal fired, so that a tool can cancel its query and say how far it got. Then the
 * caller is answered without it.
 */
const GRACE_MS = 250;

/**
 * Runs work that ends with its deadline or with the caller's wish, whether it listens or not.
 *
 * The signal's reason is the ToolError that the caller will see: TIMED_OUT or CANCELLED. `late` is told what work that was
 * given up came to in the end.
 */
export async function withinSeconds<T>(
  seconds: number,
  caller: AbortSignal | undefined,
  work: Phase<T>,
  late: (cause: unknown) => void,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(timedOut(seconds)), seconds * 1_000);
  const withdraw = () => controller.abort(cancelled());
  if (caller?.aborted === true) withdraw();
  caller?.addEventListener("abort", withdraw, { once: true });
  const given = givenUp(controller.signal);
  try {
    controller.signal.throwIfAborted();
    const done = work(controller.signal);
    const ended = (cause?: unknown) => {
      if (given.isOver) late(cause);
    };
    done.then(() => ended(), ended);
    return await Promise.race([done, given.up]);
  } catch (thrown) {
    // What work throws because it was told to stop is only a consequence, unless it says the same in better words.
    const reason: unknown = controller.signal.aborted ? controller.signal.reason : undefined;
    if (!(reason instanceof ToolError) || thrown === reason) throw thrown;
    if (thrown instanceof ToolError && thrown.code === reason.code) throw thrown;
    throw new ToolError(reason.code, reason.message, { ...(reason.hint !== undefined && { hint: reason.hint }), cause: thrown });
  } finally {
    clearTimeout(timer);
    given.stop();
    caller?.removeEventListener("abort", withdraw);
  }
}

function givenUp(signal: AbortSignal) {
  const { promise: up, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const state = { isOver: false, up, stop: () => clearTimeout(timer) };
  up.catch(() => {}); // Nobody waits for it when the work was faster.
  signal.addEventListener(
    "abort",
    () => {
      timer = setTimeout(() => {
        state.isOver = true;
        reject(signal.reason);
      }, GRACE_MS);
    },
    { once: true },
  );
  return state;
}

function timedOut(seconds: number): ToolError {
  return new ToolError("TIMED_OUT", `No answer within ${seconds} s`, {
    hint: "The target may hang: ask for a diagnosis, which says how far it got, or narrow the call.",
  });
}

export function cancelled(): ToolError {
  return new ToolError("CANCELLED", "The call was withdrawn");
}
