import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** JSON-RPC over a child's stdin and stdout with nothing in between, so that a figure is the server's and not a client library's. */
export interface StdioClient extends AsyncDisposable {
  readonly process: ChildProcess;
  request(method: string, params?: object): Promise<{ readonly result?: unknown; readonly error?: unknown }>;
  notify(method: string, params?: object): void;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function startClient({ command, args, env }: Command): StdioClient {
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const waiting = new Map<number, { resolve(answer: { result?: unknown; error?: unknown }): void; reject(error: Error): void }>();
  let next = 0;
  child.once("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${command} exited with ${code} before it answered`));
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message: { id?: number; result?: unknown; error?: unknown } = JSON.parse(line);
    if (message.id === undefined) return;
    waiting.get(message.id)?.resolve(message);
    waiting.delete(message.id);
  });
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  return {
    process: child,
    request(method, params = {}) {
      const id = ++next;
      send({ id, method, params });
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    notify: (method, params = {}) => void send({ method, params }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** initialize, initialized, tools/list: what a host does when it starts. */
export async function handshake(client: StdioClient): Promise<void> {
  const hello = await client.request("initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "bench", version: "0" },
  });
  if (hello.error !== undefined) throw new Error(`initialize: ${JSON.stringify(hello.error)}`);
  client.notify("notifications/initialized");
  const listed = await client.request("tools/list");
  if (listed.error !== undefined) throw new Error(`tools/list: ${JSON.stringify(listed.error)}`);
}
