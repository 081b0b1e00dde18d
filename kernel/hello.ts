import type { Server } from "./tool.ts";

/** What `initialize` answers, but for the version, which the client has a say in. Loads nothing. */
export interface Hello {
  readonly capabilities: { readonly tools: { readonly listChanged: true } };
  readonly serverInfo: { readonly name: string; readonly title: string; readonly version: string };
  readonly instructions: string;
}

/** The SDK's list; a test compares the two. */
export const PROTOCOL_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"] as const;

/** The client's, where we know it; else our newest, which the client may decline. */
export function negotiatedVersion(wanted: unknown): string {
  return PROTOCOL_VERSIONS.find((known) => known === wanted) ?? PROTOCOL_VERSIONS[0];
}

export function helloOf<Context>(server: Server<Context>, version: string): Hello {
  return {
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: `aihelpdesk-${server.name}`, title: `aiHelpDesk ${server.title}`, version },
    instructions: server.instructions,
  };
}
