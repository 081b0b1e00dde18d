import type { DiagnosedCause, DiagnosedFinding, Diagnosis } from "../diagnosis.ts";
import type { Snapshot } from "../evidence.ts";
import { nameOf } from "../object.ts";
import type { Severity } from "../rule.ts";
import { byHand } from "./by-hand.ts";
import { type Outline, type OutlinedCause, outlineOf, skippedParts } from "./outline.ts";
import { plain } from "./plain.ts";
import { duration, instant, plural, shortVersion } from "./quantity.ts";
import { columnsOf, wrap } from "./wrap.ts";

/**
 * The report for a terminal, a pipe and a model: 80 columns, at most 6 KB, complete without colour. Pure: colour comes
 * in as a function.
 */
export function renderText(diagnosis: Diagnosis, options: TextOptions = {}): string {
  const outline = outlineOf(diagnosis);
  const { paint: _, ...colourless } = options;
  const fitting = DETAILS.find((detail) => Buffer.byteLength(new TextReport(outline, detail, colourless).toString()) <= MAX_BYTES);
  return fitting === undefined
    ? cutToFit(new TextReport(outline, LEAST, colourless).toString())
    : new TextReport(outline, fitting, options).toString();
}

export interface TextOptions {
  /** For the complaint and what the target is. */
  readonly snapshot?: Snapshot;
  readonly paint?: Paint;
  readonly columns?: number;
}

export type Role = Severity | "healthy" | "undecided" | "strong" | "faint" | "command";
/** Must not change what a line says: it adds escape sequences, or nothing. */
export type Paint = (role: Role, text: string) => string;

/** What a tool's answer may take; a person does not read more at a time either. Escape sequences do not count. */
const MAX_BYTES = 6 * 1024 - 128;
const MIN_COLUMNS = 40;
const DEFAULT_COLUMNS = 80;
const LABEL_COLUMNS = 10;

/** How much of each list is shown. The first that fits is taken. */
interface Detail {
  readonly causes: number;
  readonly list: number;
  readonly characters: number;
  readonly sql: boolean;
}
const LEAST: Detail = { causes: 3, list: 1, characters: 100, sql: false };
const DETAILS: readonly Detail[] = [
  { causes: 8, list: 5, characters: 400, sql: true },
  { causes: 6, list: 3, characters: 280, sql: true },
  { causes: 5, list: 2, characters: 180, sql: false },
  LEAST,
];

/** Collects lines; it exists while one report is written. */
class TextReport {
  readonly #lines: string[] = [];
  readonly #detail: Detail;
  readonly #paint: Paint;
  readonly #columns: number;

  constructor(outline: Outline, detail: Detail, { paint = (_, text) => text, columns = DEFAULT_COLUMNS, snapshot }: TextOptions) {
    this.#detail = detail;
    this.#paint = paint;
    this.#columns = Math.max(columns, MIN_COLUMNS);
    this.#head(outline, snapshot);
    for (const [index, outlined] of outline.causes.slice(0, detail.causes).entries()) this.#cause(index + 1, outlined);
    this.#omitted(outline.causes.length - detail.causes, "cause");
    this.#findings("Explained by none of these", outline.unexplained);
    this.#advice(outline.advice);
    this.#unseen(outline, snapshot === undefined ? [] : skippedParts(snapshot));
    this.#looked(outline);
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  #head({ diagnosis, headline }: Outline, snapshot: Snapshot | undefined): void {
    const { verdict, target } = diagnosis;
    const tone = verdict === "problems" ? "critical" : verdict;
    const title = `${plain(target, 60)}: ${verdict.toUpperCase()}`;
    const [first = "", ...rest] = wrap(`${title}. ${headline}`, this.#columns);
    const painted = first.startsWith(title) ? this.#paint(tone, title) + first.slice(title.length) : first;
    this.#lines.push(painted, ...rest);
    this.#lines.push(
      this.#paint(
        "faint",
        `${instant(plain(diagnosis.takenAt, 40))}, looked for ${duration(diagnosis.durationMs / 1000)}${serverOf(snapshot)}`,
      ),
    );
    const complaint = snapshot?.evidence.complaint;
    if (complaint?.outcome === "seen") this.#wrapped(`Complaint: "${this.#fit(complaint.value.text)}"`, 0);
  }

  #cause(number: number, { cause, since, proof, explains, remedies }: OutlinedCause): void {
    const { severity, title, id, object } = cause;
    const label = severity.toUpperCase();
    const lead = `${number}. ${label}  `;
    const [first = "", ...rest] = wrap(plain(title, 160), this.#columns - lead.length);
    this.#lines.push("", `${number}. ${this.#paint(severity, label)}  ${this.#paint("strong", first)}`);
    for (const line of rest) this.#lines.push(`${" ".repeat(lead.length)}${this.#paint("strong", line)}`);
    this.#wrapped(plain(`${id}${object === null ? "" : `, ${object.kind} ${nameOf(object)}`}`, 160), 3, "faint");
    this.#wrapped(this.#fit(cause.summary), 3);
    if (since !== null) this.#field("Since", [`about ${instant(since.at)} (${duration(since.ageSeconds)})`]);
    this.#field(
      "Proof",
      this.#some(proof, (finding) => this.#proof(cause, finding), "more finding"),
    );
    this.#remedies(remedies);
    this.#field(
      "Then",
      this.#some(cause.advice, (advice) => this.#fit(advice), "more step"),
    );
    this.#field(
      "Explains",
      this.#some(explains, (finding) => this.#symptom(finding), "more symptom"),
    );
    this.#field(
      "Not",
      this.#some(cause.ruledOut, ({ id: other, because }) => `${plain(other, 60)}: ${this.#fit(because)}`, "more ruled out", ""),
    );
  }

  #remedies(remedies: OutlinedCause["remedies"]): void {
    for (const { first, more } of remedies.slice(0, this.#detail.list)) {
      const given = Object.entries(first.arguments).map(([name, value]) => `${name}=${value}`);
      const sql = this.#detail.sql ? byHand(first) : null;
      this.#field("Do now", [
        `${this.#fit(first.say)}${more === 0 ? "" : `; and ${more} more like it (all in the JSON)`}`,
        { command: plain(`${first.tool} ${given.join(" ")}`, 200) },
        ...(sql === null ? [] : [{ command: `${sql};` }]),
      ]);
    }
  }

  #findings(title: string, findings: readonly DiagnosedFinding[]): void {
    if (findings.length === 0) return;
    this.#lines.push("", this.#paint("strong", title));
    for (const finding of findings.slice(0, this.#detail.list)) this.#wrapped(`- ${this.#symptom(finding)}`, 1);
    this.#omitted(findings.length - this.#detail.list, "symptom");
  }

  #advice(advice: readonly OutlinedCause[]): void {
    if (advice.length === 0) return;
    this.#lines.push("", this.#paint("strong", "Advice, when there is time"));
    for (const { cause } of advice.slice(0, this.#detail.list)) {
      const [step] = cause.advice;
      this.#wrapped(
        `- ${plain(cause.title, 120)}: ${this.#fit(cause.summary).replace(/\.?$/u, ".")}${step === undefined ? "" : ` Do: ${this.#fit(step)}`}`,
        1,
      );
    }
    this.#omitted(advice.length - this.#detail.list, "piece", "s of advice", " of advice");
  }

  #unseen({ unseen }: Outline, skipped: readonly string[]): void {
    if (unseen.length + skipped.length === 0) return;
    this.#lines.push("", this.#paint("strong", "Could not be seen"));
    for (const { because, hint, evidence, rules } of unseen.slice(0, this.#detail.list + 1)) {
      const names = few(evidence, 6);
      const cure = hint === "" ? "" : ` To see it: ${this.#fit(hint)}.`;
      this.#wrapped(`- ${because}: ${names}; leaves ${plural(rules.length, "check")} open.${cure}`, 1);
    }
    this.#omitted(unseen.length - this.#detail.list - 1, "reason");
    if (skipped.length > 0) this.#wrapped(`- left out: ${few(skipped, this.#detail.list)}.`, 1);
  }

  #looked({ seen, notSeen }: Outline): void {
    const all = seen.length + notSeen.length;
    this.#lines.push("");
    const names = few(
      seen.map((id) => id.replace(/^pg\./u, "")),
      24,
    );
    this.#wrapped(`Looked at ${seen.length} of ${all}: ${names === "" ? "nothing" : names}.`, 0, "faint");
  }

  #proof(cause: DiagnosedCause, finding: DiagnosedFinding): string {
    const source = `${plain(finding.rule, 60)}, from ${finding.evidence.map((id) => plain(id, 40)).join(", ")}`;
    return finding.summary === cause.summary ? source : `${this.#fit(finding.summary)} [${source}]`;
  }

  #symptom({ severity, summary, rule }: DiagnosedFinding): string {
    return `${severity}: ${this.#fit(summary)} [${plain(rule, 60)}]`;
  }

  #some<T>(all: readonly T[], line: (one: T) => string, one: string, many = "s"): string[] {
    const omitted = all.length - this.#detail.list;
    return [...all.slice(0, this.#detail.list).map(line), ...(omitted > 0 ? [`(${omitted} ${one}${omitted === 1 ? "" : many})`] : [])];
  }

  #omitted(count: number, one: string, many = "s", single = ""): void {
    if (count > 0) this.#lines.push(this.#paint("faint", ` (${count} more ${one}${count === 1 ? single : many}; all in the JSON)`));
  }

  #fit(text: string): string {
    return plain(text, this.#detail.characters);
  }

  #field(label: string, entries: readonly (string | { readonly command: string })[]): void {
    const left = " ".repeat(3 + LABEL_COLUMNS);
    for (const [index, entry] of entries.entries()) {
      const text = typeof entry === "string" ? entry : entry.command;
      for (const [row, line] of wrap(text, this.#columns - left.length).entries()) {
        const margin =
          index === 0 && row === 0 ? `   ${this.#paint("strong", label)}${" ".repeat(LABEL_COLUMNS - columnsOf(label))}` : left;
        this.#lines.push(margin + (typeof entry === "string" ? line : this.#paint("command", line)));
      }
    }
  }

  /** Continuation lines of a list entry stand under its text. */
  #wrapped(text: string, indent: number, role?: Role): void {
    const hanging = text.startsWith("- ") ? 2 : 0;
    for (const [index, line] of wrap(text, this.#columns - indent - hanging).entries()) {
      const painted = role === undefined ? line : this.#paint(role, line);
      this.#lines.push(" ".repeat(indent + (index === 0 ? 0 : hanging)) + painted);
    }
  }
}

function serverOf(snapshot: Snapshot | undefined): string {
  const server = snapshot?.evidence["pg.server"];
  if (server?.outcome !== "seen") return "";
  const { version, inRecovery } = server.value;
  return `; PostgreSQL ${plain(shortVersion(version), 30)}, ${inRecovery ? "standby" : "primary"}`;
}

function few(names: readonly string[], limit: number): string {
  const shown = names.slice(0, limit).map((name) => plain(name, 40));
  return names.length > limit ? `${shown.join(", ")} and ${names.length - limit} more` : shown.join(", ");
}

/** The last resort, for text of which every character takes several bytes. */
function cutToFit(text: string): string {
  const lines = text.split("\n");
  while (lines.length > 1 && Buffer.byteLength(lines.join("\n")) > MAX_BYTES) lines.pop();
  return `${lines.join("\n")}\n(cut; all in the JSON)\n`;
}
