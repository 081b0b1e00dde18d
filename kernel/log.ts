import { styleText } from "node:util";
import { redactValue, untrusted } from "./untrusted.ts";

/**
 * The log: JSON lines on stderr, or short lines where stderr is a terminal. Never stdout, which is protocol or result.
 * Everything that it is given is redacted here, so that a caller may pass on whatever a target said.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** `cause` takes whatever was thrown: its chain of names, messages and stacks is written. */
export type LogFields = Readonly<Record<string, unknown>>;

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level?: LogLevel;
  /** Says which process or server wrote a line. */
  readonly name?: string;
  /** By default stderr; a test reads what it collects. */
  readonly write?: (line: string) => void;
  readonly isTerminal?: boolean;
}

export function createLog({ level = "info", name = "helpdesk", write, isTerminal }: LogOptions = {}): Log {
  const out = write ?? ((line: string) => void process.stderr.write(line));
  const line = (isTerminal ?? (write === undefined && process.stderr.isTTY === true)) ? terminalLines(out) : jsonLines(out, name);
  const least = LOG_LEVELS.indexOf(level);
  const at =
    (one: Exclude<LogLevel, "silent">) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(one) >= least) line(one, untrusted(message, 4_000), clean(fields));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

type Line = (level: Exclude<LogLevel, "silent">, message: string, fields: object) => void;

/**
 * Through pino, which is loaded by the first line that is written: it costs 21 ms, and most runs of a server log nothing
 * before they have answered. Lines that come while it loads wait, in order.
 */
function jsonLines(write: (line: string) => void, name: string): Line {
  let target: Line | undefined;
  const waiting: Parameters<Line>[] = [];
  return (...line) => {
    if (target !== undefined) return target(...line);
    if (waiting.push(line) > 1) return;
    void import("pino").then(({ pino }) => {
      const logger = pino(
        {
          level: "debug",
          base: { name, pid: process.pid },
          timestamp: pino.stdTimeFunctions.isoTime,
          formatters: { level: (label) => ({ level: label }) },
        },
        { write },
      );
      target = (level, message, fields) => logger[level](fields, message);
      for (const one of waiting.splice(0)) target(...one);
    });
  };
}

const COLOURS = { debug: "gray", info: "cyan", warn: "yellow", error: "red" } as const;

function terminalLines(write: (line: string) => void): Line {
  return (level, message, fields) => {
    const details = Object.entries(fields).map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
    write(`${styleText(COLOURS[level], level, { stream: process.stderr })} ${message}${details.join("")}\n`);
  };
}

/** As one value, so that a field's name counts too. */
function clean(fields: LogFields): object {
  const given = Object.entries(fields).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [[key, value instanceof Error ? describeCause(value) : value]];
  });
  return Object(redactValue(Object.fromEntries(given)));
}

interface Described {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: Described | string;
}

function describeCause(error: Error, depth = 0): Described {
  const code = "code" in error && typeof error.code === "string" ? { code: untrusted(error.code, 80) } : {};
  const stack = error.stack === undefined ? {} : { stack: untrusted(error.stack, 4_000) };
  const inner = error.cause === undefined || depth >= 4 ? {} : { cause: innerCause(error.cause, depth) };
  return { name: error.name, message: untrusted(error.message, 2_000), ...code, ...stack, ...inner };
}

function innerCause(cause: unknown, depth: number): Described | string {
  return cause instanceof Error ? describeCause(cause, depth + 1) : untrusted(String(cause), 500);
}
