import type { Readable } from "node:stream";

/**
 * The messages on a stream, one a line, kept until somebody takes them, so that reading can begin before the rest of
 * the program is loaded. What follows the last line feed is no message.
 */
export interface StdinLines {
  /** Is shown every line when it comes, before whoever takes it. */
  peek(look: (line: string) => void): void;
  /** Beside the taker's `ended`; at once when it has ended already. */
  onEnd(tell: () => void): void;
  /** Hands over what came so far, then each line as it comes; `ended` once the stream has. */
  take(line: (line: string) => void, ended: () => void): void;
  /** Stops listening, so that the process may end while its host keeps the stream open. */
  close(): void;
}

/** Far more than any call; a line that is longer is not a call. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

export function stdinLines(stream: Readable): StdinLines {
  const held: string[] = [];
  let isOver = false;
  let tellEnd: () => void = () => {};
  let look: (line: string) => void = () => {};
  let taker: { line(line: string): void; ended(): void } | null = null;

  readLines(stream, (line) => {
    look(line);
    if (taker === null) held.push(line);
    else taker.line(line);
  });
  const over = () => {
    if (isOver) return;
    isOver = true;
    taker?.ended();
    tellEnd();
  };
  stream.on("end", over);
  stream.on("error", over);

  return {
    peek(show) {
      look = show;
      for (const line of held) show(line);
    },
    onEnd(tell) {
      tellEnd = tell;
      if (isOver) tell();
    },
    take(line, ended) {
      taker = { line, ended };
      for (const one of held.splice(0)) line(one);
      if (isOver) ended();
    },
    close() {
      stream.destroy();
    },
  };
}

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
  // Whoever writes one request and goes may leave out the last line feed.
  stream.on("end", () => {
    const line = size > MAX_LINE_BYTES ? "too long" : Buffer.concat(parts).toString("utf8").trim();
    if (line !== "") take(line);
  });
}
