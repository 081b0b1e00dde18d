import { Console } from "node:console";
import type { Writable } from "node:stream";
import type { EarlyAnswers, ListingMemory } from "./early-listing.ts";
import { helloOf } from "./hello.ts";
import type { Road } from "./invoke.ts";
import { createSession } from "./mcp-session.ts";
import { listTools } from "./serve.ts";
import { type StdinLines, stdinLines } from "./stdin-lines.ts";
import { onStopSignal } from "./stop-signal.ts";
import type { Server } from "./tool.ts";

/**
 * MCP over stdin and stdout, one message a line, until stdin ends or a signal comes.
 *
 * Nothing but protocol reaches stdout: while this runs, whatever else the process writes there goes to stderr.
 */
export interface StdioOptions {
  readonly version: string;
  /** Who started the process. */
  readonly operator: string;
  /** Also list tools that are meant for programs. */
  readonly programs?: boolean;
  /** What was begun before the rest of the program was loaded. */
  readonly early?: EarlyStart;
}

export interface EarlyStart {
  readonly lines: StdinLines;
  readonly memory: ListingMemory;
  /** Null when nothing was remembered. */
  readonly answers: EarlyAnswers | null;
  /** What the listing turned out to depend on. */
  readonly alsoOn?: readonly string[];
}

/** For calls that were sent just before stdin ended. Hosts send SIGTERM after 2 s. */
const LAST_CALLS_MS = 1_000;
const CANCELLING_MS = 500;

export async function serveStdio<Context>(server: Server<Context>, road: Road, options: StdioOptions): Promise<void> {
  const { stdin } = process;
  const { early } = options;
  const stdout = claimStdout();
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const session = createSession(road, server, {
    version: options.version,
    programs: options.programs,
    caller: { door: "stdio", subject: options.operator },
    send: (message) => {
      if (early?.answers?.isAnswered(message) !== true) stdout.write(`${JSON.stringify(message)}\n`);
    },
  });

  const unsignal = onStopSignal(stop);
  stdout.onBroken(stop);
  early?.answers?.stop();
  const lines = early?.lines ?? stdinLines(stdin);
  lines.take(
    (line) => session.receive(parse(line)),
    () => void idle(session, LAST_CALLS_MS).then(stop),
  );
  if (early !== undefined) remember(early, server, road, options, (message) => stdout.write(`${JSON.stringify(message)}\n`));

  await stopped;
  unsignal();
  stdin.pause();
  stdin.destroy();
  await session.close(CANCELLING_MS);
  await server.close().catch((cause: unknown) => road.log.warn("A server did not close cleanly", { cause }));
  await road.audit.close();
  await stdout.flushed();
  // A tool that listens to nothing must not keep the process: everything that matters is written.
  setTimeout(() => process.exit(), CANCELLING_MS).unref();
}

/** For the next start; and should the early answer have been another, the client asks again. */
function remember<Context>(
  { memory, answers, alsoOn }: EarlyStart,
  server: Server<Context>,
  { policy }: Road,
  { version, operator, programs }: StdioOptions,
  send: (message: object) => void,
): void {
  const tools = listTools(server, { policy, caller: operator, programs });
  const isNew = memory.remember({ hello: helloOf(server, version), tools }, alsoOn);
  if (isNew && answers?.hasListed === true) send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
}

/** What is no JSON is left to the session to refuse. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function idle(session: { readonly callsInFlight: number }, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  while (session.callsInFlight > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
}

function claimStdout() {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  Object.defineProperty(stdout, "write", { value: stderr.write.bind(stderr), configurable: true });
  globalThis.console = new Console(stderr, stderr);
  let isBroken = false;
  return {
    write(line: string) {
      if (!isBroken) write(line);
    },
    /** The reader went away: there is nobody to answer. */
    onBroken(stop: () => void) {
      stdout.on("error", () => {
        isBroken = true;
        stop();
      });
    },
    async flushed() {
      if (!isBroken) await drained(stdout);
    },
  };
}

async function drained(stream: Writable): Promise<void> {
  while (stream.writableLength > 0 && !stream.destroyed) await new Promise((resolve) => setTimeout(resolve, 5));
}
