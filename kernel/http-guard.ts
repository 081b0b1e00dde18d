import type { IncomingMessage } from "node:http";
import type { BearerTokens } from "./bearer-tokens.ts";

/**
 * Who gets past the door, decided from the request's head alone: the Host it asked for, the web page that made it, its
 * bearer, and how often it came.
 *
 * Host and Origin are what keeps a web page in somebody's browser from reaching a server on loopback (DNS rebinding).
 */
export interface GuardOptions {
  readonly host: string;
  readonly tokens: BearerTokens;
  readonly operator: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export type Admission = { readonly kind: "admitted"; readonly subject: string } | Refusal;

export interface Refusal {
  readonly kind: "refused";
  readonly status: 401 | 403 | 429;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function createGuard(options: GuardOptions): (request: IncomingMessage) => Admission {
  const { tokens, operator, requestsPerSecond, burst } = options;
  const buckets = new Map<string, { left: number; at: number }>();

  function isWithinRate(who: string): boolean {
    const now = performance.now();
    const bucket = buckets.get(who) ?? { left: burst, at: now };
    const left = Math.min(burst, bucket.left + ((now - bucket.at) / 1_000) * requestsPerSecond);
    if (buckets.size >= MAX_BUCKETS && !buckets.has(who)) buckets.clear();
    buckets.set(who, { left: Math.max(0, left - 1), at: now });
    return left >= 1;
  }

  return (request) => {
    const address = `address ${request.socket.remoteAddress ?? "unknown"}`;
    if (!isKnownHost(request.headers.host, options)) return refused(403, "The Host header names another server");
    if (!isKnownOrigin(request.headers.origin, request.headers.host, options)) return refused(403, "Web pages of this origin may not call");
    if (tokens.count === 0) return isWithinRate(address) ? { kind: "admitted", subject: operator } : tooOften();

    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const subject = token === undefined ? undefined : tokens.subjectOf(token);
    if (subject !== undefined) return isWithinRate(`subject ${subject}`) ? { kind: "admitted", subject } : tooOften();
    if (!isWithinRate(address)) return tooOften();
    const challenge = token === undefined ? 'Bearer realm="aihelpdesk"' : 'Bearer realm="aihelpdesk", error="invalid_token"';
    return refused(401, "A bearer token is needed", { "www-authenticate": challenge });
  };
}

const MAX_BUCKETS = 10_000;

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Elsewhere than on loopback the names that lead here are not known, and a bearer token stands in the way instead. */
function isKnownHost(header: string | undefined, { host, allowedHosts }: GuardOptions): boolean {
  if (header === undefined) return false;
  const name = header.replace(/:\d+$/, "").toLowerCase();
  if (allowedHosts.includes(name) || allowedHosts.includes(header.toLowerCase())) return true;
  return isLoopback(host) ? isLoopback(name) : allowedHosts.length === 0;
}

/** No Origin: not a web page. */
function isKnownOrigin(origin: string | undefined, host: string | undefined, { allowedOrigins }: GuardOptions): boolean {
  return origin === undefined || allowedOrigins.includes(origin) || origin === `http://${host}`;
}

function refused(status: Refusal["status"], message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return { kind: "refused", status, message, headers };
}

function tooOften(): Refusal {
  return refused(429, "Too many requests", { "retry-after": "1" });
}
