import type { DiagnosedFinding, Diagnosis } from "../diagnosis.ts";
import type { Snapshot } from "../evidence.ts";
import { nameOf } from "../object.ts";
import { byHand } from "./by-hand.ts";
import { drawCharts } from "./charts.ts";
import { drawLockTree } from "./lock-tree.ts";
import { html, type Markup, trustedMarkup } from "./markup.ts";
import { type Outline, type OutlinedCause, outlineOf, skippedParts } from "./outline.ts";
import { plain } from "./plain.ts";
import { duration, instant, plural, shortVersion } from "./quantity.ts";
import { STYLE_SHEET } from "./style-sheet.ts";

/**
 * The report to open, send and print: one file, no script, nothing loaded from anywhere, light or dark as the reader
 * likes, whole without its charts, which need the snapshot. All text is escaped by construction (markup.ts). Pure.
 */
export async function renderHtml(diagnosis: Diagnosis, snapshot?: Snapshot): Promise<string> {
  const outline = outlineOf(diagnosis);
  const charts = snapshot === undefined ? [] : await drawCharts(snapshot);
  const title = `${plain(diagnosis.target, 80)}: ${diagnosis.verdict}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trustedMarkup(STYLE_SHEET)}</style>
</head>
<body>
<main>
${head(outline, snapshot)}
${outline.causes.slice(0, MAX_CAUSES).map((outlined, index) => causeCard(outlined, index + 1))}
${more(outline.causes.length - MAX_CAUSES, "cause")}
${unexplained(outline.unexplained)}
${lockTrees(snapshot)}
${charts.length === 0 ? null : html`<section aria-labelledby="picture"><h2 id="picture">The picture</h2><div class="charts">${charts.map((chart) => html`<div class="card">${chart}</div>`)}</div></section>`}
${advice(outline.advice)}
${unseen(outline, snapshot)}
${looked(outline)}
</main>
</body>
</html>
`;
  return page.markup;
}

const MAX_CAUSES = 20;
const MAX_LIST = 20;

function head({ diagnosis, headline }: Outline, snapshot: Snapshot | undefined): Markup {
  const server = snapshot?.evidence["pg.server"];
  const complaint = snapshot?.evidence.complaint;
  return html`<header>
<div class="top"><h1>${plain(diagnosis.target, 80)}</h1><span class="badge ${diagnosis.verdict}">${diagnosis.verdict}</span></div>
<p class="headline">${headline}</p>
<p class="meta"><span>Taken ${instant(plain(diagnosis.takenAt, 40))}</span><span>Looked for ${duration(diagnosis.durationMs / 1000)}</span>${
    server?.outcome === "seen"
      ? html`<span>PostgreSQL ${plain(shortVersion(server.value.version), 40)}, ${server.value.inRecovery ? "standby" : "primary"}, up ${duration(server.value.uptimeSeconds)}</span>`
      : null
  }</p>
${complaint?.outcome === "seen" ? html`<blockquote>${plain(complaint.value.text, 600)}</blockquote>` : null}
</header>`;
}

function causeCard({ cause, since, proof, explains, remedies }: OutlinedCause, number: number): Markup {
  const { severity, object } = cause;
  return html`<article class="card cause is-${severity}" aria-labelledby="cause-${number}">
<span class="badge ${severity}">${severity}</span>
<h2 id="cause-${number}">${number}. ${plain(cause.title)}</h2>
<p class="source"><span class="mono">${plain(cause.id, 80)}</span>${object === null ? null : html` · ${object.kind} <b>${plain(nameOf(object), 160)}</b>`}</p>
<p class="summary">${plain(cause.summary, 600)}</p>
${since === null ? null : html`<p><b>Since</b> about ${instant(since.at)} <span class="faint">(${duration(since.ageSeconds)} before this look)</span></p>`}
<div class="parts">
${part(
  "Proof",
  proof.map((finding) => findingItem(finding, cause.summary)),
  "wide",
)}
${remedies.length + cause.advice.length === 0 ? null : html`<section class="do wide"><h3>What to do</h3><ol>${remedies.map(remedyItem)}${cause.advice.slice(0, MAX_LIST).map((step) => html`<li>${plain(step, 600)}</li>`)}</ol></section>`}
${part(
  "Explains",
  explains.map((finding) => findingItem(finding)),
)}
${part(
  "Ruled out",
  cause.ruledOut.map(
    ({ id, because }) => html`<li><span class="mono">${plain(id, 80)}</span><br><span class="faint">${plain(because)}</span></li>`,
  ),
)}
</div>
</article>`;
}

function remedyItem({ first, more: others }: OutlinedCause["remedies"][number]): Markup {
  const given = Object.entries(first.arguments).map(([name, value]) => `${name}=${value}`);
  const sql = byHand(first);
  return html`<li>${plain(first.say, 400)}${others === 0 ? null : html` <span class="faint">and ${others} more like it</span>`}
<pre>${plain(`${first.tool} ${given.join(" ")}`, 300)}</pre>
${sql === null ? null : html`<p class="source">or by hand:</p><pre>${sql};</pre>`}</li>`;
}

/** `said` stands just above already. */
function findingItem({ severity, summary, rule, evidence }: DiagnosedFinding, said = ""): Markup {
  return html`<li>${summary === said ? null : html`${plain(summary)}<br>`}<span class="source"><span class="${severity}">${severity}</span> · <span class="mono">${plain(rule, 80)}</span> · from ${evidence.map((id) => plain(id, 40)).join(", ")}</span></li>`;
}

function part(title: string, items: readonly Markup[], width = ""): Markup | null {
  if (items.length === 0) return null;
  return html`<section class="${width}"><h3>${title}</h3><ul>${items.slice(0, MAX_LIST)}</ul>${more(items.length - MAX_LIST, "entry", "entries")}</section>`;
}

function unexplained(findings: readonly DiagnosedFinding[]): Markup | null {
  if (findings.length === 0) return null;
  return html`<section aria-labelledby="unexplained"><h2 id="unexplained">Explained by none of these</h2><div class="card"><ul>${findings.slice(0, MAX_LIST).map((finding) => findingItem(finding))}</ul>${more(findings.length - MAX_LIST, "symptom")}</div></section>`;
}

function lockTrees(snapshot: Snapshot | undefined): Markup | null {
  const locks = snapshot?.evidence["pg.locks"];
  if (locks?.outcome !== "seen" || locks.value.trees.length === 0) return null;
  return html`<section aria-labelledby="locks"><h2 id="locks">Who waits for whom</h2><div class="card">${locks.value.trees.slice(0, 5).map(drawLockTree)}${more(locks.value.trees.length - 5, "tree")}</div></section>`;
}

function advice(causes: readonly OutlinedCause[]): Markup | null {
  if (causes.length === 0) return null;
  const items = causes
    .slice(0, MAX_LIST)
    .map(
      ({ cause }) =>
        html`<li><b>${plain(cause.title)}</b><br>${plain(cause.summary, 600)}${cause.advice.map((step) => html`<pre>${plain(step, 600)}</pre>`)}</li>`,
    );
  return html`<section aria-labelledby="advice"><h2 id="advice">Advice, when there is time</h2><div class="card cause is-advice"><ul>${items}</ul></div></section>`;
}

function unseen({ unseen: groups }: Outline, snapshot: Snapshot | undefined): Markup | null {
  const skipped = snapshot === undefined ? [] : skippedParts(snapshot);
  if (groups.length + skipped.length === 0) return null;
  const table = html`<table><thead><tr><th scope="col">Why</th><th scope="col">What</th><th scope="col">Leaves open</th><th scope="col">What would show it</th></tr></thead><tbody>${groups
    .slice(0, MAX_LIST)
    .map(
      ({ because, evidence, rules, hint }) =>
        html`<tr><td>${because}</td><td class="mono">${plain(evidence.join(", "))}</td><td>${plural(rules.length, "check")}</td><td>${hint === "" ? "nothing" : plain(hint)}</td></tr>`,
    )}</tbody></table>`;
  return html`<section aria-labelledby="unseen"><h2 id="unseen">Could not be seen</h2><div class="card">${groups.length === 0 ? null : table}${
    skipped.length === 0 ? null : html`<p class="faint">Left out: ${plain(skipped.slice(0, MAX_LIST).join("; "), 1000)}</p>`
  }</div></section>`;
}

function looked({ diagnosis, seen, notSeen }: Outline): Markup {
  return html`<footer><h3>Looked at</h3><ul class="chips">${diagnosis.looked
    .slice(0, 60)
    .map(
      ({ evidence, outcome, durationMs }) =>
        html`<li class="${outcome === "seen" ? "yes" : "no"}">${plain(evidence, 60)} <span class="faint">${outcome === "seen" ? `${Math.round(durationMs)} ms` : "not seen"}</span></li>`,
    )}</ul>
<p>${seen.length} of ${seen.length + notSeen.length} kinds of evidence. Names, queries and messages come from the target and are shown as data.</p></footer>`;
}

function more(count: number, one: string, many = `${one}s`): Markup | null {
  return count > 0 ? html`<p class="faint">${plural(count, one, many)} more in the JSON.</p>` : null;
}
