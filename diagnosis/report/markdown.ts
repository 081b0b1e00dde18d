import type { DiagnosedFinding, Diagnosis } from "../diagnosis.ts";
import type { Snapshot } from "../evidence.ts";
import { nameOf } from "../object.ts";
import { byHand } from "./by-hand.ts";
import { type Outline, type OutlinedCause, outlineOf, skippedParts } from "./outline.ts";
import { plain } from "./plain.ts";
import { duration, instant, plural, shortVersion } from "./quantity.ts";

/**
 * The report for a ticket: CommonMark without HTML, whole lists, and everything from the target escaped, so that an
 * application name can neither format, link, mention nor embed anything. Pure.
 */
export function renderMarkdown(diagnosis: Diagnosis, snapshot?: Snapshot): string {
  const outline = outlineOf(diagnosis);
  const lines = [
    ...head(outline, snapshot),
    ...outline.causes.slice(0, LIST).flatMap((outlined, index) => cause(index + 1, outlined)),
    ...omitted(outline.causes.length, "causes"),
    ...section("Explained by none of these", outline.unexplained.map(symptom)),
    ...section("Advice, when there is time", outline.advice.map(advice)),
    ...section("Could not be seen", [
      ...outline.unseen.map(
        ({ because, hint, evidence, rules }) =>
          `**${because}**: ${evidence.map(code).join(", ")}; leaves ${plural(rules.length, "check")} open${hint === "" ? "" : `. To see it: ${inert(hint)}`}`,
      ),
      ...(snapshot === undefined ? [] : skippedParts(snapshot)).map((part) => `left out: ${inert(part)}`),
    ]),
    "",
    `Looked at ${outline.seen.length} of ${outline.seen.length + outline.notSeen.length}: ${outline.seen.slice(0, LIST).map(code).join(", ")}.`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Nobody reads more, and ticket systems refuse what is endless. */
const LIST = 40;

function head({ diagnosis, headline }: Outline, snapshot: Snapshot | undefined): string[] {
  const server = snapshot?.evidence["pg.server"];
  const complaint = snapshot?.evidence.complaint;
  const version = server?.outcome === "seen" ? `, PostgreSQL ${inert(shortVersion(server.value.version))}` : "";
  return [
    `# ${inert(diagnosis.target)}: ${diagnosis.verdict}`,
    "",
    `**${headline}** Taken ${inert(instant(diagnosis.takenAt))}, looked for ${duration(diagnosis.durationMs / 1000)}${version}.`,
    ...(complaint?.outcome === "seen" ? ["", `> ${inert(complaint.value.text)}`] : []),
  ];
}

function cause(number: number, { cause: one, since, proof, explains, remedies }: OutlinedCause): string[] {
  const about = one.object === null ? "" : `, ${one.object.kind} ${inert(nameOf(one.object))}`;
  return [
    "",
    `## ${number}. ${inert(one.title)} (${one.severity})`,
    "",
    `${inert(one.summary)}`,
    "",
    `${code(one.id)}${about}${since === null ? "" : `, since about ${instant(since.at)} (${duration(since.ageSeconds)})`}`,
    ...list(
      "Proof",
      proof.map((finding) => proofLine(finding, one.summary)),
    ),
    ...list("Do now", remedies.flatMap(remedy)),
    ...list(
      "Then",
      one.advice.map((text) => inert(text)),
    ),
    ...list("Explains", explains.map(symptom)),
    ...list(
      "Ruled out",
      one.ruledOut.map(({ id, because }) => `${code(id)}: ${inert(because)}`),
    ),
  ];
}

function remedy({ first, more }: OutlinedCause["remedies"][number]): string[] {
  const given = Object.entries(first.arguments).map(([name, value]) => `${name}=${value}`);
  const sql = byHand(first);
  return [
    `${inert(first.say)}${more === 0 ? "" : `; and ${more} more like it`}: ${code(`${first.tool} ${given.join(" ")}`)} (${first.effect})${sql === null ? "" : `, by hand ${code(`${sql};`)}`}`,
  ];
}

/** `said` stands just above already. */
function proofLine({ summary, rule, evidence }: DiagnosedFinding, said: string): string {
  const source = `${code(rule)}, from ${evidence.map(code).join(", ")}`;
  return summary === said ? source : `${inert(summary)} (${source})`;
}

function symptom({ severity, summary, rule }: DiagnosedFinding): string {
  return `${severity}: ${inert(summary)} (${code(rule)})`;
}

function advice({ cause: one }: OutlinedCause): string {
  return [`${inert(one.title)}: ${inert(one.summary)}`, ...one.advice.map((step) => inert(step))].join(" ");
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0
    ? []
    : ["", `## ${title}`, "", ...entries.slice(0, LIST).map((entry) => `- ${entry}`), ...omitted(entries.length, "entries")];
}

function list(title: string, entries: readonly string[]): string[] {
  if (entries.length === 0) return [];
  return ["", `**${title}**`, "", ...entries.slice(0, LIST).map((entry) => `- ${entry}`), ...omitted(entries.length, "entries")];
}

function omitted(count: number, what: string): string[] {
  return count > LIST ? ["", `${count - LIST} more ${what} are in the JSON.`] : [];
}

/** The word joiner keeps @name from notifying anybody; it cannot be seen. */
function inert(text: string): string {
  return plain(text, 600)
    .replace(/[\\`*{}[\]<>#|~!$&]|(?<!\w)_|_(?!\w)/gu, "\\$&")
    .replace(/^[-+=]/u, "\\$&")
    .replace(/^(\d+)([.)])/u, "$1\\$2")
    .replace(/:(?=\/\/)/gu, "\\:")
    .replace(/\bwww\./giu, "www\\.")
    .replace(/@(?=\w)/gu, "@\u2060");
}

/** A code span with a fence longer than any run of backticks in it. */
function code(text: string): string {
  const inside = plain(text, 400);
  const longest = Math.max(0, ...[...inside.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${inside}${fence}` : `${fence} ${inside} ${fence}`;
}
