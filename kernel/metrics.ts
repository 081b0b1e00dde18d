import type { Registry } from "prom-client";

/** What /metrics tells: calls by tool and outcome, how long they took, how many sessions there are. OpenMetrics text. */
export interface Metrics {
  observe(tool: string, outcome: string, durationMs: number): void;
  text(): Promise<string>;
  readonly contentType: string;
}

/** From a catalog look-up to a diagnosis that samples for seconds. */
const BUCKETS_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30];

/** Loads the library on demand: a server over stdio has no use for it, and it costs 45 ms. */
export async function createMetrics(sessions: () => number): Promise<Metrics> {
  const { Counter, Gauge, Histogram, Registry } = await import("prom-client");
  const registry: Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE> = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [registry];
  const calls = new Counter({ name: "aihelpdesk_tool_calls", help: "Tool calls", labelNames: ["tool", "outcome"], registers });
  const durations = new Histogram({
    name: "aihelpdesk_tool_call_duration_seconds",
    help: "Time from call to answer",
    labelNames: ["tool"],
    buckets: BUCKETS_SECONDS,
    registers,
  });
  new Gauge({
    name: "aihelpdesk_sessions",
    help: "MCP sessions",
    registers,
    collect() {
      this.set(sessions());
    },
  });
  return {
    observe(tool, outcome, durationMs) {
      calls.inc({ tool, outcome });
      durations.observe({ tool }, durationMs / 1_000);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
