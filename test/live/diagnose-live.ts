import { diagnose } from "../../diagnosis/diagnose.ts";
import type { Diagnosis } from "../../diagnosis/diagnosis.ts";
import type { Snapshot } from "../../diagnosis/evidence.ts";
import { inventoryOfUrl } from "../../kernel/inventory.ts";
import { SILENT } from "../../kernel/log.ts";
import type { Reachable } from "../../sandbox/sessions.ts";
import { postgresServer } from "../../servers/postgres/main.ts";

/** What a diagnosis of a live server is asked for. */
export interface LiveOptions {
  /** Of observing counters and waits. Default 1. */
  readonly seconds?: number;
  readonly complaint?: string;
  /** Whom to look as. Default: the superuser. */
  readonly role?: string;
  readonly database?: string;
}

export interface Seen {
  readonly diagnosis: Diagnosis;
  /** For recording: the same snapshot gives the same diagnosis. */
  readonly snapshot: Snapshot;
}

/** A process that looks after a server, with the connection that it keeps warm. */
export interface Observer extends AsyncDisposable {
  look(options?: Pick<LiveOptions, "seconds" | "complaint">): Promise<Seen>;
}

/** Diagnoses a live server as the product does: its own inventory, connections, probes and rules. */
export async function diagnoseLive(server: Reachable | string, options: LiveOptions = {}): Promise<Seen> {
  await using observer = observe(server, options);
  return await observer.look(options);
}

export function observe(server: Reachable | string, { role, database }: Pick<LiveOptions, "role" | "database"> = {}): Observer {
  const url =
    typeof server === "string" ? server : server.url({ ...(role !== undefined && { role }), ...(database !== undefined && { database }) });
  const postgres = postgresServer(inventoryOfUrl(url), { env: {} }, SILENT);
  return {
    async look({ seconds = 1, complaint } = {}) {
      const [target] = postgres.targets();
      if (target === undefined) throw new Error("The inventory of one URL has no target");
      const context = await postgres.open(target, { signal: AbortSignal.timeout(60_000), progress: () => {} });
      const snapshot = await context.collect({ seconds, ...(complaint !== undefined && { complaint }) });
      return { snapshot, diagnosis: diagnose(snapshot) };
    },
    [Symbol.asyncDispose]: () => postgres.close(),
  };
}
