import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { refuse } from "./http-reply.ts";
import type { Road } from "./invoke.ts";
import { createSession, type Session } from "./mcp-session.ts";
import { createMetrics } from "./metrics.ts";
import type { Server } from "./tool.ts";

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

export const LIMITS: HttpLimits = {
  bodyBytes: 1024 * 1024,
  requestsPerSecond: 50,
  burst: 200,
  sessions: 100,
  idleSessionSeconds: 1_800,
  concurrentRequests: 32,
};

const METHODS: readonly string[] = ["GET", "POST", "DELETE"];
const LAST_CALLS_MS = 5_000;

interface HttpSession {
  readonly subject: string;
  readonly transport: StreamableHTTPServerTransport;
  readonly session: Session;
  /** Responses that are still open: calls that run, and the stream that a client may keep. */
  open: number;
  usedAt: number;
}

/**
 * The sessions of one HTTP server, each with its own transport and its owner. A session's id in another's hands is an
 * unknown session.
 */
export async function httpSessions<Context>(
  server: Server<Context>,
  road: Road,
  options: { readonly version: string; readonly programs?: boolean },
  limits: HttpLimits,
) {
  const { StreamableHTTPServerTransport } = await import("@modelcontextprotocol/sdk/server/streamableHttp.js");
  const sessions = new Map<string, HttpSession>();
  const posts = new Map<string, number>();
  const metrics = await createMetrics(() => sessions.size);
  const sweeper = setInterval(() => sweep(), Math.min(30_000, limits.idleSessionSeconds * 500)).unref();

  function sweep(): void {
    const before = performance.now() - limits.idleSessionSeconds * 1_000;
    for (const one of sessions.values()) if (one.open === 0 && one.usedAt < before) void one.transport.close();
  }

  /**
   * Clients rarely end their sessions: who opens one too many loses the oldest that they do not use. Who holds most of them
   * loses one, be it only a stream that waits, to whoever has fewer: no caller can keep the others out.
   */
  function hasRoom(subject: string): boolean {
    if (sessions.size < limits.sessions) return true;
    const quiet = [...sessions.values()]
      .filter(({ session }) => session.callsInFlight === 0)
      .toSorted((a, b) => Math.min(a.open, 1) - Math.min(b.open, 1) || a.usedAt - b.usedAt);
    const held = (by: string) => [...sessions.values()].filter((one) => one.subject === by).length;
    const most = quiet.toSorted((a, b) => held(b.subject) - held(a.subject))[0]?.subject;
    const loser =
      quiet.find((one) => one.subject === subject && one.open === 0) ??
      quiet.find((one) => one.subject === most && held(one.subject) > held(subject) + 1);
    void loser?.transport.close();
    return loser !== undefined;
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
    const { method = "" } = request;
    if (!METHODS.includes(method)) return refuse(request, response, 405, "MCP takes GET, POST and DELETE", { allow: METHODS.join(", ") });
    const running = posts.get(subject) ?? 0;
    const isPost = method === "POST";
    if (isPost && running >= limits.concurrentRequests)
      return refuse(request, response, 429, "Too many requests at once", { "retry-after": "1" });
    if (isPost) {
      // From its first byte: bodies that come slowly are requests at once, too.
      posts.set(subject, running + 1);
      response.once("close", () => posts.set(subject, (posts.get(subject) ?? 1) - 1));
    }

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
    response.once("close", () => {
      session.open -= 1;
      session.usedAt = performance.now();
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
