import type { CallToolResult, JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { ToolError } from "./errors.ts";
import { helloOf, negotiatedVersion } from "./hello.ts";
import { type Caller, invoke, type Road } from "./invoke.ts";
import { type ClientRequests, elicitationApprover } from "./mcp-elicitation.ts";
import { listTools, toErrorResult, toResult } from "./serve.ts";
import type { Server } from "./tool.ts";
import { untrusted } from "./untrusted.ts";

/**
 * One client's conversation in MCP, over whatever carries its messages: initialize, ping, tools/list, tools/call, with
 * progress, cancellation and elicitation. Every call runs by itself; a slow one delays nobody.
 *
 * Written out rather than taken from the SDK, of which a server with one tool needs 200 ms to its tools/list (Node 24,
 * compiled code cached; 133 ms of it to load the SDK) where this needs half: hosts start a server for every window. The
 * SDK's types keep it honest, its client tests it, and its transport carries it over HTTP.
 */
export interface Session {
  /** Takes one parsed message and never throws. */
  receive(message: unknown): void;
  /** Withdraws what still runs, and resolves when it has ended or `graceMs` is over. */
  close(graceMs: number): Promise<void>;
  readonly callsInFlight: number;
}

export interface SessionOptions {
  readonly version: string;
  readonly caller: Caller;
  readonly programs?: boolean | undefined;
  /** `related`: the request that a message belongs to, by which HTTP finds the stream to send it on. */
  readonly send: (message: JSONRPCMessage, related?: RequestId) => void;
  /** A request was cancelled by the client, and will never be answered. */
  readonly abandon?: (request: RequestId) => void;
  readonly observe?: (tool: string, outcome: string, durationMs: number) => void;
}

/** More than any host sends at once; a client that does not wait for answers is stopped here. */
const MAX_CALLS_IN_FLIGHT = 64;

const INVALID_REQUEST = -32600;
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;

export function createSession<Context>(road: Road, server: Server<Context>, options: SessionOptions): Session {
  const { version, caller, programs, send, abandon, observe } = options;
  const calls = new Map<RequestId, AbortController>();
  const running = new Set<Promise<void>>();
  const requests = clientRequests(send);
  let elicits = false;

  const respond = (id: RequestId, result: Record<string, unknown>) => send({ jsonrpc: "2.0", id, result });
  const reject = (id: RequestId | undefined, code: number, message: string) =>
    send({ jsonrpc: "2.0", ...(id !== undefined && { id }), error: { code, message } });

  const METHODS: Readonly<Record<string, (id: RequestId, params: Params) => void>> = {
    initialize(id, { protocolVersion, capabilities }) {
      elicits = isRecord(capabilities) && canElicitForms(capabilities["elicitation"]);
      respond(id, { protocolVersion: negotiatedVersion(protocolVersion), ...helloOf(server, version) });
    },
    ping: (id) => respond(id, {}),
    "tools/list": (id) => respond(id, { tools: listTools(server, { policy: road.policy, caller: caller.subject, programs }) }),
    "tools/call"(id, { name, arguments: args = {}, _meta: meta }) {
      if (typeof name !== "string") return reject(id, INVALID_PARAMS, "params.name must be the name of a tool");
      if (calls.has(id)) return reject(id, INVALID_REQUEST, "A call with this id is still running");
      const call = runCall(id, name, args, isRecord(meta) ? meta["progressToken"] : undefined);
      running.add(call);
      void call.finally(() => running.delete(call));
    },
  };

  async function runCall(id: RequestId, name: string, args: unknown, token: unknown): Promise<void> {
    const controller = new AbortController();
    calls.set(id, controller);
    const started = performance.now();
    const { result, outcome } = await answer(id, name, args, token, controller.signal);
    calls.delete(id);
    observe?.(server.tools.some((tool) => tool.name === name) ? name : "unknown", outcome, performance.now() - started);
    if (controller.signal.reason === WITHDRAWN_BY_CLIENT) abandon?.(id);
    else respond(id, { ...result });
  }

  async function answer(id: RequestId, name: string, args: unknown, token: unknown, signal: AbortSignal): Promise<Answered> {
    try {
      if (calls.size > MAX_CALLS_IN_FLIGHT) {
        throw new ToolError("LIMIT_EXCEEDED", `${MAX_CALLS_IN_FLIGHT} calls are running already`, {
          hint: "Wait for answers before calling again.",
        });
      }
      const approver = elicits ? elicitationApprover(requests, id) : undefined;
      const progress = typeof token === "string" || typeof token === "number" ? reporter(id, token, signal) : undefined;
      const answered = await invoke(road, server, name, args, { caller, signal, approver, ...(progress && { progress }) });
      return { result: toResult(answered), outcome: "ok" };
    } catch (thrown) {
      if (thrown instanceof ToolError) return { result: toErrorResult(thrown), outcome: thrown.code };
      road.log.error("A call failed outside the road", { cause: thrown });
      return { result: toErrorResult(new ToolError("INTERNAL", "The call failed; the log has the reason")), outcome: "INTERNAL" };
    }
  }

  /** The protocol wants progress to grow with every message, whatever the tool counts. */
  function reporter(id: RequestId, progressToken: string | number, signal: AbortSignal) {
    let last = 0;
    return (message: string, done?: number, total?: number) => {
      if (signal.aborted || !calls.has(id)) return;
      last = done !== undefined && done > last ? done : last + 0.001;
      const params = { progressToken, progress: last, message: untrusted(message, 300), ...(total !== undefined && { total }) };
      send({ jsonrpc: "2.0", method: "notifications/progress", params }, id);
    };
  }

  function receiveRequest(id: RequestId, method: string, params: Params): void {
    const handle = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    try {
      if (handle !== undefined) handle(id, params);
      else reject(id, METHOD_NOT_FOUND, `This server has no method ${JSON.stringify(untrusted(method, 60))}`);
    } catch (cause) {
      road.log.error("A request failed", { method, cause });
      reject(id, INTERNAL_ERROR, "The request failed; the log has the reason");
    }
  }

  return {
    get callsInFlight() {
      return running.size;
    },
    receive(message) {
      const read = isRecord(message) ? message : {};
      const { id, method, params = {} } = read;
      if (read["jsonrpc"] !== "2.0" || (id !== undefined && !isRequestId(id)) || !isRecord(params)) {
        reject(isRequestId(id) ? id : undefined, INVALID_REQUEST, "Not a JSON-RPC 2.0 message");
      } else if (typeof method !== "string") {
        if (id !== undefined) requests.settle(id, read);
      } else if (id !== undefined) {
        receiveRequest(id, method, params);
      } else if (method === "notifications/cancelled" && isRequestId(params["requestId"])) {
        calls.get(params["requestId"])?.abort(WITHDRAWN_BY_CLIENT);
      }
    },
    async close(graceMs) {
      for (const controller of calls.values()) controller.abort(WITHDRAWN_BY_US);
      requests.close();
      await Promise.race([Promise.allSettled(running), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    },
  };
}

interface Answered {
  readonly result: CallToolResult;
  readonly outcome: string;
}

type Params = Readonly<Record<string, unknown>>;

const WITHDRAWN_BY_CLIENT = Symbol("withdrawn by the client");
const WITHDRAWN_BY_US = Symbol("withdrawn because the session ends");

/** An empty object is how clients said "forms" before there was a choice. */
function canElicitForms(declared: unknown): boolean {
  return isRecord(declared) && (Object.hasOwn(declared, "form") || Object.keys(declared).length === 0);
}

/** Requests from us to the client, and their answers. */
function clientRequests(send: SessionOptions["send"]): ClientRequests & { settle(id: RequestId, message: Params): void; close(): void } {
  const waiting = new Map<RequestId, (result: Params | undefined) => void>();
  let last = 0;
  return {
    async request(method, params, related, signal) {
      last += 1;
      const id = `helpdesk-${last}`;
      const { promise, resolve } = Promise.withResolvers<Params | undefined>();
      const giveUp = () => {
        send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id, reason: "no longer needed" } }, related);
        resolve(undefined);
      };
      waiting.set(id, resolve);
      signal.addEventListener("abort", giveUp, { once: true });
      send({ jsonrpc: "2.0", id, method, params }, related);
      const result = await promise;
      signal.removeEventListener("abort", giveUp);
      waiting.delete(id);
      return result;
    },
    settle(id, { result }) {
      waiting.get(id)?.(isRecord(result) ? result : undefined);
    },
    close() {
      for (const resolve of waiting.values()) resolve(undefined);
    },
  };
}

function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
