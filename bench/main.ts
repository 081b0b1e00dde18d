import { writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startSandbox } from "../sandbox/server.ts";
import { measureCalls, measureStarts } from "./against-peers.ts";
import { measureDiagnosis } from "./diagnosis.ts";
import { installPeers } from "./peers.ts";
import type { Timing } from "./statistics.ts";

/**
 * `npm run bench [-- --write] [-- --tables 50000]`: start, call and diagnosis beside the bare driver and other servers.
 *
 * Everything runs on this machine against an embedded PostgreSQL, contestants in turn, so that ratios hold where
 * milliseconds do not. `--write` puts the result into docs/benchmarks.md.
 */
const { values } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    tables: { type: "string", default: "50000" },
    rounds: { type: "string", default: "9" },
    calls: { type: "string", default: "300" },
  },
});

const say = (text: string) => void process.stderr.write(`${text}\n`);
const ms = (value: number) => value.toFixed(value < 10 ? 2 : 0);
const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
const timings = (title: string, results: Readonly<Record<string, Timing>>, base: string): string => {
  const reference = results[base]?.p50 ?? Number.NaN;
  const rows = Object.entries(results).map(([name, { p50, p95, min, max, samples }]) =>
    row([name, ms(p50), ms(p95), ms(min), ms(max), samples, (p50 / reference).toFixed(2)]),
  );
  return [
    `### ${title}`,
    "",
    row(["what", "p50 ms", "p95 ms", "min", "max", "samples", `p50 against ${base}`]),
    row(["---", "--:", "--:", "--:", "--:", "--:", "--:"]),
    ...rows,
    "",
  ].join("\n");
};

say("installing peers outside of the checkout");
const peers = await installPeers();
await using server = await startSandbox({ major: 18, settings: { max_locks_per_transaction: 256 } });

say("start: spawn to tools/list");
const starts = await measureStarts(server, peers, Number(values.rounds));
say("call: one small read over stdio");
const calls = await measureCalls(server, peers, Number(values.calls));
say(`diagnosis: quiet, behind a DDL queue, among ${values.tables} tables`);
const diagnosis = await measureDiagnosis(server, Number(values.tables), say);

const page = [
  "# Benchmarks",
  "",
  "Written by `npm run bench -- --write`. Ratios are of interleaved runs; milliseconds are of the machine named here and move with what else it does.",
  "",
  `${os.cpus().length} × ${os.cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}, PostgreSQL ${server.major} (embedded), ${new Date().toISOString().slice(0, 10)}.`,
  "",
  timings("Spawn to tools/list", starts, "bare SDK server"),
  "The bare SDK server is `bench/bare-server.ts`: the same MCP SDK and the same driver with one tool and nothing else, from source and without a compile cache. A stdio server of ours answers `tools/list` from what it listed the last time and loads meanwhile; *nothing remembered* is the first start after an upgrade or a change of the inventory.",
  "",
  timings("One small read over stdio", calls, "bare driver, select 1"),
  "`pg_lock_tree` is our smallest read: policy, audit record, redaction, and a statement over pg_locks that costs more than `select 1`; the second row is that statement through the bare driver.",
  "",
  "### A whole diagnosis",
  "",
  row(["situation", "sampling s", "beyond the sampling, ms", "backend CPU, ms", "first cause"]),
  row(["---", "--:", "--:", "--:", "---"]),
  ...diagnosis.map(({ situation, seconds, beyondMs, backendCpuMs, cause }) =>
    row([situation, seconds, ms(beyondMs), backendCpuMs === null ? "not measured" : ms(backendCpuMs), cause]),
  ),
  "",
  "Backend CPU is user and system time of our own backends, read from /proc before they end.",
  "",
].join("\n");

process.stdout.write(page);
if (values.write) writeFileSync(path.resolve(import.meta.dirname, "..", "docs", "benchmarks.md"), page);
