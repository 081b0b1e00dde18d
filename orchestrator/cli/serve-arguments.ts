import { parseArgs } from "node:util";

/**
 * The arguments of `helpdesk serve`, read without the command parser (which costs a host's start what a whole call
 * costs later). Null for whatever is not exactly right: the command parser then says what is wrong.
 */
export interface ServeArguments {
  readonly server: "postgres";
  readonly inventory: string | undefined;
  readonly url: string | undefined;
  readonly programs: boolean;
  readonly tokenFile: string | undefined;
  /** Over HTTP: names by which the server may be called, and web pages that may call it. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly door: { readonly kind: "stdio" } | { readonly kind: "http"; readonly host: string | undefined; readonly port: number };
}

export const SERVERS = ["postgres"] as const;

const OPTIONS = {
  stdio: { type: "boolean" },
  http: { type: "string" },
  programs: { type: "boolean" },
  inventory: { type: "string" },
  url: { type: "string" },
  "token-file": { type: "string" },
  "allow-host": { type: "string", multiple: true },
  "allow-origin": { type: "string", multiple: true },
} as const;

export function parseServe(argv: readonly string[]): ServeArguments | null {
  const [command, server, ...rest] = argv;
  if (command !== "serve" || server !== "postgres") return null;
  try {
    const { values } = parseArgs({ args: rest, options: OPTIONS, strict: true, allowPositionals: false });
    if (values.http !== undefined && values.stdio === true) return null;
    const door = values.http === undefined ? { kind: "stdio" as const } : parseAddress(values.http);
    if (door === null) return null;
    const { inventory, url, programs = false, "token-file": tokenFile } = values;
    const { "allow-host": allowedHosts = [], "allow-origin": allowedOrigins = [] } = values;
    if (!allowedHosts.every(isHost) || !allowedOrigins.every(isOrigin)) return null;
    return { server, inventory, url, programs, tokenFile, allowedHosts, allowedOrigins, door };
  } catch {
    return null;
  }
}

/** `3111`, `127.0.0.1:3111`, `[::1]:3111`. */
export function parseAddress(text: string): Extract<ServeArguments["door"], { kind: "http" }> | null {
  const parts = /^(?:(\[[0-9a-f:]+\]|[^:[\]\s]+):)?(\d{1,5})$/iu.exec(text);
  const port = Number(parts?.[2]);
  if (parts === null || port > 65_535) return null;
  return { kind: "http", host: parts[1]?.replace(/^\[|\]$/gu, ""), port };
}

/** `helpdesk.example.com`, with or without a port; no pattern. */
export function isHost(text: string): boolean {
  return /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/iu.test(text);
}

/** As browsers spell it: `https://helpdesk.example.com`, in lower case, without a path. */
export function isOrigin(text: string): boolean {
  return /^https?:$/u.test(URL.parse(text)?.protocol ?? "") && URL.parse(text)?.origin === text;
}
