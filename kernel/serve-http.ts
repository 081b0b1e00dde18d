import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type BearerTokens, NO_TOKENS } from "./bearer-tokens.ts";
import { ToolError } from "./errors.ts";
import { createGuard, isLoopback } from "./http-guard.ts";
import { PLAIN, refuse, reply } from "./http-reply.ts";
import type { Road } from "./invoke.ts";
import { type HttpLimits, httpSessions, LIMITS } from "./serve-http-sessions.ts";
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

export interface HttpService {
  readonly url: string;
  readonly port: number;
  /** Answers what runs, takes nothing new, then ends sessions, connections, the server's targets and the audit trail. */
  close(): Promise<void>;
}

export async function serveHttp<Context>(server: Server<Context>, road: Road, options: HttpOptions): Promise<HttpService> {
  const { host = "127.0.0.1", tokens = NO_TOKENS, operator } = options;
  const limits = { ...LIMITS, ...options.limits };
  if (tokens.count === 0 && !isLoopback(host)) {
    throw new ToolError("INVALID_CONFIGURATION", `Without bearer tokens only loopback is served, not ${host}`, {
      hint: "Set HELPDESK_HTTP_TOKEN or give --token-file, or listen on 127.0.0.1.",
    });
  }
  const sessions = await httpSessions(server, road, options, limits);
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
      // A client that goes away in the middle of its request is no failure of ours, and could fill the log.
      if (request.destroyed && !request.complete) road.log.debug("An HTTP request was given up", { cause });
      else road.log.error("An HTTP request failed", { cause });
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
