import { styleText } from "node:util";
import type { Paint, Role } from "../../diagnosis/report/text.ts";
import { strip } from "../../kernel/untrusted.ts";

/** Colours and the progress line. Both are silent where the stream is no terminal; NO_COLOR is obeyed by styleText. */
const STYLES = {
  critical: ["bold", "red"],
  warning: ["bold", "yellow"],
  advice: ["bold", "blue"],
  healthy: ["bold", "green"],
  undecided: ["bold", "magenta"],
  strong: ["bold"],
  faint: ["dim"],
  command: ["cyan"],
} as const satisfies Record<Role, readonly Parameters<typeof styleText>[0][]>;

export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (role, text) => styleText([...STYLES[role]], text, { stream });
}

/** As wide as the terminal, and no wider than is good to read; 80 in a pipe. */
export function columnsOf(stream: NodeJS.WriteStream): number {
  return Math.min(stream.isTTY ? stream.columns || WIDEST : WIDEST, WIDEST);
}

const WIDEST = 80;

export interface Progress {
  /** Replaces what stood there. */
  show(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** One line on stderr that is overwritten. */
export function progressLine(stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} };
  const clear = () => void stream.write("\r\u001b[K");
  return {
    show: (text) => {
      clear();
      stream.write(styleText("dim", strip(text).slice(0, columnsOf(stream) - 1), { stream }));
    },
    clear,
  };
}

/** Whether a person can be asked: somebody reads the questions and can answer them. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}
