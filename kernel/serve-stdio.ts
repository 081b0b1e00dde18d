import { Console } from "node:console";
import type { Readable, Writable } from "node:stream";
import type { Road } from "./invoke.ts";
import { createSession } from "./mcp-session.ts";
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
}

/** Far more than any call; a line that is longer is not a call. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** For calls that were sent just before stdin ended. Hosts send SIGTERM after 2 s. */
const LAST_CALLS_MS = 1_000;
const CANCELLING_MS = 500;

export async function serveStdio<Context>(server: Server<Context>, road: Road, options: StdioOptions): Promise<void> {
  const { stdin } = process;
  const stdout = claimStdout();
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const session = createSession(road, server, {
    version: options.version,
    programs: options.programs,
    caller: { door: "stdio", subject: options.operator },
    send: (message) => stdout.write(`${JSON.stringify(message)}\n`),
  });

  const unsignal = onStopSignal(stop);
  stdout.onBroken(stop);
  stdin.on("error", () => stop());
  stdin.on("end", () => void idle(session, LAST_CALLS_MS).then(stop));
  readLines(stdin, (line) => session.receive(parse(line)));

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

/** Lines end with a line feed; what follows the last one is no message. A line that is too long is dropped. */
function readLines(stream: Readable, take: (line: string) => void): void {
  let parts: Buffer[] = [];
  let size = 0;
  const keep = (part: Buffer) => {
    size += part.length;
    if (size <= MAX_LINE_BYTES) parts.push(part);
    else parts = [];
  };
  stream.on("data", (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, end));
      const line = size > MAX_LINE_BYTES ? "too long" : Buffer.concat(parts).toString("utf8").trim();
      parts = [];
      size = 0;
      from = end + 1;
      if (line !== "") take(line);
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  });
}
