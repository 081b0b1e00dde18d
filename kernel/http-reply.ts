import type { IncomingMessage, ServerResponse } from "node:http";

/** Nothing that we answer is to be kept or guessed at. */
export const PLAIN = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export function reply(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...PLAIN, "content-type": "application/json", ...headers }).end(`${JSON.stringify(body)}\n`);
}

/** In JSON-RPC's shape, which MCP clients can show. A body that nobody reads would keep the connection waiting. */
export function refuse(
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
