import type { EChartsCoreOption } from "echarts/core";
import type { Evidence, EvidenceId, Snapshot } from "../evidence.ts";
import { html, type Markup, trustedMarkup } from "./markup.ts";
import { plain } from "./plain.ts";
import { duration, size } from "./quantity.ts";

/**
 * Figures of an HTML report, drawn from a snapshot by echarts without a browser: SVG that takes its colours from the
 * page's style sheet, each with its numbers as a table beside it. Pure, but for loading echarts on first use (it takes
 * most of a second, which no other report should pay).
 */
export async function drawCharts(snapshot: Snapshot): Promise<readonly Markup[]> {
  const seen = evidenceOf(snapshot);
  const charts = [slots(seen), waits(seen), transactions(seen), statements(seen), deadRows(seen), wal(seen)].filter(
    (chart) => chart !== null,
  );
  if (charts.length === 0) return [];
  const draw = await loadPencil();
  return charts.map((chart) => figure(chart, draw));
}

/** A colour of the style sheet. */
type Tone = "calm" | "good" | "warn" | "bad" | "mute" | "cpu" | "lock" | "io" | "lwlock" | "client" | "other";

interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value as a person reads it, with its unit. */
  readonly reads: string;
  readonly tone: Tone;
}

interface Chart {
  readonly title: string;
  /** What it shows, for who cannot see it. */
  readonly says: string;
  readonly kind: "bars" | "stack";
  readonly bars: readonly Bar[];
}

const MAX_BARS = 10;
const WIDTH = 760;
const BAR_HEIGHT = 30;
const LABEL_WIDTH = 270;
/** What fits there in a wide font; the table beside the chart has the whole. */
const LABEL_CHARACTERS = 34;

function slots({ "pg.slots": slots, "pg.sessions": sessions }: Partial<Evidence>): Chart | null {
  if (slots === undefined) return null;
  const known = sessions?.statesVisible === true ? sessions : undefined;
  const aborted = known?.idleInTransactionAborted ?? 0;
  const accounted = (known?.active ?? 0) + (known?.idle ?? 0) + (known?.idleInTransaction ?? 0) + aborted + slots.ours;
  const parts: readonly (readonly [string, number, Tone])[] = [
    ["active", known?.active ?? 0, "good"],
    ["idle in transaction", known?.idleInTransaction ?? 0, "bad"],
    ["aborted transaction", aborted, "warn"],
    ["idle", known?.idle ?? 0, "calm"],
    ["other", Math.max(slots.used - accounted, 0), "other"],
    ["ours", slots.ours, "client"],
    ["free", Math.max(slots.usable - slots.used, 0), "mute"],
    ["reserved", Math.max(slots.max - Math.max(slots.used, slots.usable), 0), "lwlock"],
  ];
  const bars = parts.filter(([, value]) => value > 0).map(([label, value, tone]) => ({ label, value, tone, reads: String(value) }));
  return {
    title: "Connection slots",
    says: `${slots.used} of ${slots.usable} usable connection slots are taken, of ${slots.max} in all`,
    kind: "stack",
    bars,
  };
}

const WAIT_TONES = new Map<string | null, Tone>([
  [null, "cpu"],
  ["Lock", "lock"],
  ["IO", "io"],
  ["LWLock", "lwlock"],
  ["BufferPin", "lwlock"],
  ["Client", "client"],
]);

function waits({ "pg.waits": waits }: Partial<Evidence>): Chart | null {
  if (waits === undefined || waits.events.length === 0) return null;
  const bars = waits.events.slice(0, MAX_BARS).map(({ type, event, averageSessions }) => ({
    label: type === null ? "running on a CPU" : plain(`${type}: ${event ?? "?"}`, 50),
    value: averageSessions,
    reads: `${averageSessions.toFixed(1)} sessions`,
    tone: WAIT_TONES.get(type) ?? "other",
  }));
  return {
    title: "What active sessions wait for",
    says: `${waits.averageActive.toFixed(1)} sessions were active on average over ${duration(waits.seconds)}, in ${waits.samples} samples`,
    kind: "bars",
    bars,
  };
}

function transactions({ "pg.sessions": sessions }: Partial<Evidence>): Chart | null {
  const bars = (sessions?.oldestTransactions ?? []).slice(0, MAX_BARS).flatMap(({ pid, application, state, xactAgeSeconds }): Bar[] =>
    xactAgeSeconds === null
      ? []
      : [
          {
            label: plain(`pid ${pid} ${application}`, 50),
            value: xactAgeSeconds,
            reads: `${duration(xactAgeSeconds)}, ${state ?? "state hidden"}`,
            tone: state?.startsWith("idle in transaction") ? "bad" : "good",
          },
        ],
  );
  const oldest = Math.max(0, ...bars.map(({ value }) => value));
  if (oldest < 1) return null;
  return { title: "Oldest open transactions", says: `The oldest transaction has been open for ${duration(oldest)}`, kind: "bars", bars };
}

function statements({ "pg.statements": statements, "pg.server": server }: Partial<Evidence>): Chart | null {
  // On a quiet server the longest list would be our own looking.
  const theirs = (statements?.statements ?? []).filter(({ role }) => role !== server?.role.name);
  const top = theirs.filter(({ timePerSecondMs }) => timePerSecondMs > 0).slice(0, MAX_BARS);
  if (statements === undefined || top.length === 0) return null;
  const bars = top.map(({ query, timePerSecondMs, callsPerSecond, meanMs }) => ({
    label: plain(query, 60),
    value: timePerSecondMs,
    reads: `${Math.round(timePerSecondMs)} ms/s, ${callsPerSecond.toFixed(1)} calls/s, mean ${meanMs.toFixed(1)} ms`,
    tone: "io" as const,
  }));
  return {
    title: "Statements by time",
    says: `Execution time per second over ${duration(statements.windowSeconds)}; 1000 ms/s is one session all the time`,
    kind: "bars",
    bars,
  };
}

function deadRows({ "pg.tables": tables }: Partial<Evidence>): Chart | null {
  const over = (tables?.tables ?? []).filter(({ deadRows, vacuumThresholdRows }) => deadRows > vacuumThresholdRows);
  if (over.length === 0) return null;
  const bars = over
    .toSorted((a, b) => b.deadRows - a.deadRows)
    .slice(0, MAX_BARS)
    .map(({ schema, name, deadRows, vacuumThresholdRows }) => ({
      label: plain(`${schema}.${name}`, 60),
      value: deadRows,
      reads: `${rows(deadRows)} dead, wanted below ${rows(vacuumThresholdRows)}`,
      tone: deadRows > vacuumThresholdRows * 10 ? ("bad" as const) : ("warn" as const),
    }));
  return {
    title: "Tables that wait for vacuum",
    says: `${over.length} tables have more dead rows than autovacuum's threshold`,
    kind: "bars",
    bars,
  };
}

function wal({ "pg.wal": wal, "pg.replication": replication }: Partial<Evidence>): Chart | null {
  const kept = (replication?.slots ?? []).flatMap(({ name, active, retainedBytes }): Bar[] =>
    retainedBytes === null || retainedBytes <= 0
      ? []
      : [
          {
            label: plain(`slot ${name}`, 50),
            value: retainedBytes,
            reads: `${size(retainedBytes)}, ${active ? "active" : "inactive"}`,
            tone: active ? "calm" : "bad",
          },
        ],
  );
  const directory = wal?.directoryBytes ?? null;
  if (kept.length === 0 && directory === null) return null;
  const bars: Bar[] = [
    ...(directory === null ? [] : [{ label: "pg_wal on disk", value: directory, reads: size(directory), tone: "io" as const }]),
    ...(wal === undefined
      ? []
      : [{ label: "max_wal_size", value: wal.maxWalSizeBytes, reads: size(wal.maxWalSizeBytes), tone: "mute" as const }]),
    ...kept.toSorted((a, b) => b.value - a.value).slice(0, MAX_BARS - 2),
  ];
  return {
    title: "WAL that is kept",
    says: "The WAL directory, what a checkpoint aims at, and what replication slots hold back",
    kind: "bars",
    bars,
  };
}

function rows(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

function evidenceOf(snapshot: Snapshot): Partial<Evidence> {
  const ids: readonly EvidenceId[] = [
    "pg.server",
    "pg.slots",
    "pg.sessions",
    "pg.waits",
    "pg.statements",
    "pg.tables",
    "pg.wal",
    "pg.replication",
  ];
  return Object.fromEntries(
    ids.flatMap((id) => {
      const gathered = snapshot.evidence[id];
      return gathered?.outcome === "seen" ? [[id, gathered.value]] : [];
    }),
  );
}

type Pencil = (option: EChartsCoreOption, height: number) => string;

async function loadPencil(): Promise<Pencil> {
  const [core, { BarChart }, { GridComponent }, { SVGRenderer }] = await Promise.all([
    import("echarts/core"),
    import("echarts/charts"),
    import("echarts/components"),
    import("echarts/renderers"),
  ]);
  core.use([BarChart, GridComponent, SVGRenderer]);
  return (option, height) => {
    const chart = core.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
    chart.setOption({ animation: false, textStyle: { fontFamily: "inherit" }, ...option });
    const svg = chart.renderToSVGString();
    chart.dispose();
    return svg;
  };
}

function figure(chart: Chart, draw: Pencil): Markup {
  const height = chart.kind === "stack" ? 40 : chart.bars.length * BAR_HEIGHT + 12;
  const svg = draw(chart.kind === "stack" ? stackOption(chart) : barsOption(chart), height);
  return html`<figure class="chart"><figcaption><b>${chart.title}</b><span>${chart.says}</span></figcaption>
<div role="img" aria-label="${`${chart.title}. ${chart.says}. ${chart.bars.map(({ label, reads }) => `${label}: ${reads}`).join("; ")}`}">${trustedMarkup(scalable(svg))}</div>${chart.kind === "stack" ? html`<ul class="legend">${chart.bars.map(({ label, reads, tone }) => html`<li><i style="background:var(--${tone})"></i>${label} <b>${reads}</b></li>`)}</ul>` : null}
<details><summary>The numbers</summary><table><thead><tr><th scope="col">What</th><th scope="col">How much</th></tr></thead><tbody>${chart.bars.map(({ label, reads }) => html`<tr><td>${label}</td><td>${reads}</td></tr>`)}</tbody></table></details></figure>
`;
}

/** The page decides the width; hover styles (shared class names between charts) and markers for scripts go. */
function scalable(svg: string): string {
  return svg
    .replace(/<svg width="\d+" height="\d+"/u, '<svg aria-hidden="true"')
    .replace(/<style\s*>.*?<\/style>/su, "")
    .replace(/ (?:ecmeta_\w+|class)="[^"]*"/gu, "");
}

function barsOption({ bars }: Chart): EChartsCoreOption {
  const largest = Math.max(...bars.map(({ value }) => value));
  return {
    grid: { left: LABEL_WIDTH + 14, right: 12, top: 4, bottom: 4 },
    // Room for the figures at the end of the bars.
    xAxis: { type: "value", show: false, max: largest * 2 },
    yAxis: {
      type: "category",
      inverse: true,
      data: bars.map(({ label }) => plain(label, LABEL_CHARACTERS)),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: "var(--ink)", fontSize: 13, interval: 0 },
    },
    series: [
      {
        type: "bar",
        barWidth: 16,
        barMinHeight: 2,
        data: bars.map(({ value, reads, tone }) => ({
          value,
          itemStyle: { color: `var(--${tone})`, borderRadius: [0, 4, 4, 0] },
          label: { show: true, position: "right", formatter: () => reads, color: "var(--ink)", fontSize: 13 },
        })),
      },
    ],
  };
}

function stackOption({ bars }: Chart): EChartsCoreOption {
  const total = bars.reduce((sum, { value }) => sum + value, 0);
  return {
    color: bars.map(({ tone }) => `var(--${tone})`),
    grid: { left: 0, right: 0, top: 2, height: 36 },
    xAxis: { type: "value", show: false, max: total },
    yAxis: { type: "category", show: false, data: [""] },
    series: bars.map(({ label, value, reads, tone }) => ({
      name: `${label} ${reads}`,
      type: "bar",
      stack: "slots",
      barWidth: 36,
      data: [value],
      itemStyle: { color: `var(--${tone})` },
      label: {
        show: value >= total * 0.04,
        formatter: () => reads,
        color: tone === "mute" ? "var(--ink)" : "var(--on-tone)",
        fontSize: 13,
        fontWeight: "bold",
      },
    })),
  };
}
