import { setTimeout as pause } from "node:timers/promises";
import type { Evidence, EvidenceId } from "../diagnosis/evidence.ts";
import { connectionSettings, parametersFromText } from "../servers/postgres/connection-settings.ts";
import { type Database, openDatabase } from "../servers/postgres/database.ts";
import type { Probe, ProbeContext } from "../servers/postgres/probe.ts";

/** For tests: one probe on a real server, over the connections that the product makes. */
export interface Looker extends AsyncDisposable {
  readonly database: Database;
  look<Id extends EvidenceId>(
    probe: Probe<Id>,
    options?: { readonly seconds?: number; readonly signal?: AbortSignal },
  ): Promise<{ readonly value: Evidence[Id]; readonly skipped: readonly string[] }>;
}

export const TEST_APPLICATION = "helpdesk-test";

export function lookerAt(url: string): Looker {
  const database = openDatabase(
    connectionSettings({ parameters: parametersFromText(url), userName: "nobody", application: TEST_APPLICATION }),
  );
  return {
    database,
    async look(probe, { seconds = 0, signal = new AbortController().signal } = {}) {
      using lease = await database.lease(signal);
      const skipped: string[] = [];
      const sleep = (milliseconds: number) => pause(milliseconds, undefined, { signal });
      const context: ProbeContext = {
        sql: lease.sql({ signal }),
        server: lease.facts,
        target: { name: "test", expectedRole: null },
        signal,
        withTimeout: (timeoutMs) => lease.sql({ signal, timeoutMs }),
        skip: (what) => void skipped.push(what),
        ownPids: database.ownPids(),
        sampling: { seconds, intervalMs: 50 },
        sleep,
      };
      const begun = performance.now();
      const first = await probe.begin?.(context);
      if (probe.begin !== undefined) await sleep(seconds * 1000);
      const value = await probe.run(context, first, (performance.now() - begun) / 1000);
      return { value, skipped };
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}
