import { randomUUID } from "node:crypto";
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { type BearerTokens, NO_TOKENS } from "./bearer-tokens.ts";
import { ToolError } from "./errors.ts";
import { createGuard, isLoopback } from "./http-guard.ts";
import type { Road } from "./invoke.ts";
import { createSession, type Session } from "./mcp-session.ts";
import { createMetrics } from "./metrics.ts";
import type { Server } from "./tool.ts";

/**
 * MCP over Streamable HTTP at /mcp, with /healthz and /metrics beside it.
 *
 * A session belongs to the bearer who opened it: its id in another's hands is an unknown session. Without bearer tokens
 * the server listens on loopback only. The SDK's transport does the protocol's HTTP; who may come in, how much and how
 * often is decided here.
 */
export interface HttpOptions {
  readonly version: string;
  /** By default 127.0.0.1. Any other than loopback needs tokens. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Who started the process: the caller's name where there are no tokens. */
  readonly operator: string;
  readonly tokens?: BearerTokens;
  /** Names, with or without port, by which clients may call the server. */
  readonly allowedHosts?: readonly string[];
  /** Web pages that may call, such as https://helpdesk.example.com. */
  readonly allowedOrigins?: readonly string[];
  readonly programs?: boolean;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  readonly bodyBytes: number;
  readonly requestsPerSecond: number;
  /** Requests that may come at once before requestsPerSecond counts. */
  readonly burst: number;
  readonly sessions: number;
  readonly idleSessionSeconds: number;
  /** Unanswered POSTs of one caller. */
  readonly concurrentRequests: number;
}

const LIMITS: HttpLimits = {
  bodyBytes: 1024 * 1024,
  requestsPerSecond: 50,
  burst: 200,
  sessions: 100,
  idleSessionSeconds: 1_800,
  concurrentRequests: 32,
};

export interface HttpService {
  readonly url: string;
  readonly port: number;
  /** Answers what runs, takes nothing new, then ends sessions, connections, the server's targets and the audit trail. */
  close(): Promise<void>;
}

const LAST_CALLS_MS = 5_000;

export async function serveHttp<Context>(server: Server<Context>, road: Road, options: HttpOptions): Promise<HttpService> {
  const { host = "127.0.0.1", tokens = NO_TOKENS, operator } = options;
  const limits = { ...LIMITS, ...options.limits };
  if (tokens.count === 0 && !isLoopback(host)) {
    throw new ToolError("INVALID_CONFIGURATION", `Without bearer tokens only loopback is served, not ${host}`, {
      hint: "Set HELPDESK_HTTP_TOKEN or give --token-file, or listen on 127.0.0.1.",
    });
  }
  const sessions = await createSessions(server, road, options, limits);
  const metrics = sessions.metrics;
  const guard = createGuard({
    host,
    tokens,
    operator,
    allowedHosts: (options.allowedHosts ?? []).map((name) => name.toLowerCase()),
    allowedOrigins: options.allowedOrigins ?? [],
    requestsPerSecond: limits.requestsPerSecond,
    burst: limits.burst,
  });
  let isStopping = false;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = (request.url ?? "/").split("?");
    if (path === "/healthz") return reply(response, isStopping ? 503 : 200, { status: isStopping ? "stopping" : "ok" });
    const admission = guard(request);
    if (admission.kind === "refused") return refuse(request, response, admission.status, admission.message, admission.headers);
    if (path === "/metrics" && request.method === "GET") {
      response.writeHead(200, { ...PLAIN, "content-type": metrics.contentType }).end(await metrics.text());
    } else if (path === "/mcp") {
      await sessions.handle(request, response, admission.subject);
    } else {
      refuse(request, response, 404, "There is nothing here: MCP is at /mcp");
    }
  }

  const http = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 16_384 }, (request, response) => {
    handle(request, response).catch((cause: unknown) => {
      road.log.error("An HTTP request failed", { cause });
      if (response.headersSent) response.destroy();
      else refuse(request, response, 500, "The request failed; the log has the reason");
    });
  });
  await listen(http, host, options.port);

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${portOf(http)}/mcp`,
    port: portOf(http),
    async close() {
      isStopping = true;
      const closed = new Promise((resolve) => http.close(resolve));
      await sessions.close();
      http.closeAllConnections();
      await closed;
      await server.close().catch((cause: unknown) => road.log.warn("A server did not close cleanly", { cause }));
      await road.audit.close();
    },
  };
}

interface HttpSession {
  readonly subject: string;
  readonly transport: StreamableHTTPServerTransport;
  readonly session: Session;
  /** Responses that are still open: calls that run, and the stream that a client may keep. */
  open: number;
  usedAt: number;
}

async function createSessions<Context>(server: Server<Context>, road: Road, options: HttpOptions, limits: HttpLimits) {
  const { StreamableHTTPServerTransport } = await import("@modelcontextprotocol/sdk/server/streamableHttp.js");
  const sessions = new Map<string, HttpSession>();
  const posts = new Map<string, number>();
  const metrics = await createMetrics(() => sessions.size);
  const sweeper = setInterval(() => sweep(), Math.min(30_000, limits.idleSessionSeconds * 500)).unref();

  function sweep(): void {
    const before = performance.now() - limits.idleSessionSeconds * 1_000;
    for (const one of sessions.values()) if (one.open === 0 && one.usedAt < before) void one.transport.close();
  }

  /** Clients rarely end their sessions: who opens one too many loses the oldest that they do not use. */
  function hasRoom(subject: string): boolean {
    if (sessions.size < limits.sessions) return true;
    const idle = [...sessions.values()].filter((one) => one.subject === subject && one.open === 0).toSorted((a, b) => a.usedAt - b.usedAt);
    void idle[0]?.transport.close();
    return idle.length > 0;
  }

  function begin(subject: string): HttpSession {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, made),
    });
    const session = createSession(road, server, {
      version: options.version,
      programs: options.programs,
      caller: { door: "http", subject },
      observe: metrics.observe,
      // A client that went away cannot be sent anything; its calls end by their deadline.
      send: (message, related) => void transport.send(message, related === undefined ? {} : { relatedRequestId: related }).catch(() => {}),
      // The answer that will not come must not keep its stream open.
      abandon: (request) => transport.closeSSEStream(request),
    });
    const made: HttpSession = { subject, transport, session, open: 0, usedAt: performance.now() };
    transport.onmessage = (message) => session.receive(message);
    transport.onclose = () => {
      if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
      void session.close(0);
    };
    return made;
  }

  async function handle(request: IncomingMessage, response: ServerResponse, subject: string): Promise<void> {
    const id = request.headers["mcp-session-id"];
    const found = typeof id === "string" ? sessions.get(id) : undefined;
    if (id !== undefined && found?.subject !== subject) return refuse(request, response, 404, "Session not found", {}, -32001);
    const running = posts.get(subject) ?? 0;
    const isPost = request.method === "POST";
    if (isPost && running >= limits.concurrentRequests)
      return refuse(request, response, 429, "Too many requests at once", { "retry-after": "1" });

    const body = isPost ? await readBody(request, limits.bodyBytes) : undefined;
    if (body?.kind === "too-large") return refuse(request, response, 413, `A request may have ${limits.bodyBytes} bytes`);
    const message = body === undefined ? undefined : asJson(body.text);
    if (body !== undefined && message === undefined) return refuse(request, response, 400, "The body is not JSON", {}, -32700);
    if (found === undefined && !isInitialize(message))
      return refuse(request, response, 400, "Begin with initialize, and send its Mcp-Session-Id");
    if (found === undefined && !hasRoom(subject)) return refuse(request, response, 429, "Too many sessions", { "retry-after": "60" });

    const session = found ?? begin(subject);
    session.open += 1;
    session.usedAt = performance.now();
    if (isPost) posts.set(subject, (posts.get(subject) ?? 0) + 1);
    response.once("close", () => {
      session.open -= 1;
      session.usedAt = performance.now();
      if (isPost) posts.set(subject, (posts.get(subject) ?? 1) - 1);
    });
    await session.transport.handleRequest(request, response, message);
  }

  return {
    handle,
    metrics,
    async close() {
      clearInterval(sweeper);
      const until = performance.now() + LAST_CALLS_MS;
      const isBusy = () => [...sessions.values()].some(({ session }) => session.callsInFlight > 0);
      while (isBusy() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
    },
  };
}

type Body = { readonly kind: "text"; readonly text: string } | { readonly kind: "too-large" };

/** By events: leaving an async iteration early would destroy the connection that the refusal has to go out on. */
function readBody(request: IncomingMessage, limitBytes: number): Promise<Body> {
  const { promise, resolve, reject } = Promise.withResolvers<Body>();
  if (Number(request.headers["content-length"] ?? 0) > limitBytes) resolve({ kind: "too-large" });
  const parts: Buffer[] = [];
  let size = 0;
  request.on("data", (part: Buffer) => {
    size += part.length;
    if (size > limitBytes) resolve({ kind: "too-large" });
    else parts.push(part);
  });
  request.on("end", () => resolve({ kind: "text", text: Buffer.concat(parts).toString("utf8") }));
  request.on("error", reject);
  return promise;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isInitialize(message: unknown): boolean {
  return typeof message === "object" && message !== null && Reflect.get(message, "method") === "initialize";
}

const PLAIN = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function reply(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...PLAIN, "content-type": "application/json", ...headers }).end(`${JSON.stringify(body)}\n`);
}

/** In JSON-RPC's shape, which MCP clients can show. A body that nobody reads would keep the connection waiting. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  code = -32000,
): void {
  const isUnread = !request.complete;
  reply(response, status, { jsonrpc: "2.0", error: { code, message }, id: null }, { ...headers, ...(isUnread && { connection: "close" }) });
  request.resume();
}

function portOf(http: HttpServer): number {
  const address: AddressInfo | string | null = http.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listen(http: HttpServer, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  http.once("error", reject);
  http.listen(port, host, resolve);
  try {
    await promise;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new ToolError("INVALID_CONFIGURATION", `Cannot listen on ${host}:${port} (${code})`, {
      hint: "Choose another --http HOST:PORT.",
      cause,
    });
  }
}
