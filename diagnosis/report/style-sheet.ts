/** Of the HTML report: light and dark by the reader's preference, printable, nothing loaded from anywhere. */
export const STYLE_SHEET = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2330; --faint: #5b6677; --line: #dfe3ea; --code: #f1f3f7;
  --critical: #c4242b; --warning: #a86200; --advice: #2462b8; --healthy: #1d7a46; --undecided: #6b5a9e;
  --on-tone: #ffffff;
  --calm: #6f8fb8; --good: #2f8f5b; --warn: #b8730a; --bad: #c4242b; --mute: #e3e7ee;
  --cpu: #2f8f5b; --lock: #c4242b; --io: #2f6fbf; --lwlock: #8a5fb0; --client: #7b8797; --other: #98773c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161d; --card: #1a202a; --ink: #e6eaf1; --faint: #9aa6b8; --line: #2e3745; --code: #232b37;
    --critical: #ff7b7f; --warning: #f0b04f; --advice: #7fb2ff; --healthy: #63cf94; --undecided: #b9a8ee;
    --on-tone: #10141a;
    --calm: #7f9fca; --good: #57b983; --warn: #e0a040; --bad: #f2686d; --mute: #333d4c;
    --cpu: #57b983; --lock: #f2686d; --io: #6aa5ee; --lwlock: #b48cd8; --client: #8d99ab; --other: #c9a25e;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
main { max-width: 58rem; margin: 0 auto; padding: 2.25rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0.75rem; }
h3 { font-size: 0.8rem; text-transform: uppercase; letter-spacing: 0.07em; color: var(--faint); margin: 0 0 0.4rem; }
p { margin: 0; }
ul, ol { margin: 0; padding-left: 1.15rem; }
li + li { margin-top: 0.35rem; }
.mono, code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.86em; }
pre { margin: 0.4rem 0 0; padding: 0.55rem 0.75rem; background: var(--code); border-radius: 8px; white-space: pre-wrap; user-select: all; }
.faint, .source { color: var(--faint); font-size: 0.88em; }
header { border-bottom: 1px solid var(--line); padding-bottom: 1.4rem; }
.top { display: flex; gap: 0.9rem; align-items: center; flex-wrap: wrap; }
.badge { display: inline-block; padding: 0.12rem 0.65rem; border-radius: 99px; border: 1.5px solid currentColor; font-size: 0.78rem; font-weight: 700; letter-spacing: 0.06em; text-transform: uppercase; }
.critical { color: var(--critical); } .warning { color: var(--warning); } .advice { color: var(--advice); }
.healthy { color: var(--healthy); } .undecided { color: var(--undecided); } .problems { color: var(--critical); }
.headline { font-size: 1.15rem; margin-top: 0.7rem; }
.meta { display: flex; flex-wrap: wrap; gap: 0.2rem 1.4rem; color: var(--faint); font-size: 0.9rem; margin-top: 0.5rem; }
blockquote { margin: 1rem 0 0; padding: 0.1rem 0 0.1rem 0.9rem; border-left: 3px solid var(--line); color: var(--faint); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.3rem 1.4rem; margin-top: 1.25rem; break-inside: avoid-page; }
.cause { border-left: 5px solid var(--tone, var(--line)); }
.cause.is-critical { --tone: var(--critical); } .cause.is-warning { --tone: var(--warning); } .cause.is-advice { --tone: var(--advice); }
.cause h2 { margin: 0.45rem 0 0.1rem; font-size: 1.35rem; line-height: 1.25; }
.summary { font-size: 1.05rem; margin: 0.6rem 0 0.2rem; }
.parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 1.2rem 1.8rem; margin-top: 1.1rem; }
.wide { grid-column: 1 / -1; } .do { background: color-mix(in srgb, var(--tone) 7%, transparent); border-radius: 10px; padding: 0.9rem 1.05rem; }
.chart { margin: 0; } .charts { display: grid; gap: 1.25rem; margin-top: 1.25rem; } .charts .card { margin-top: 0; }
figcaption { margin-bottom: 0.7rem; } figcaption b { display: block; } figcaption span { color: var(--faint); font-size: 0.9rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.3rem; list-style: none; padding: 0; margin-top: 0.6rem; font-size: 0.88rem; } .legend li { margin: 0; } .legend i { display: inline-block; width: 0.75rem; height: 0.75rem; border-radius: 3px; margin-right: 0.45rem; }
.chart svg { display: block; width: 100%; height: auto; }
details { margin-top: 0.6rem; font-size: 0.9rem; } summary { color: var(--faint); cursor: pointer; }
table { border-collapse: collapse; width: 100%; margin-top: 0.5rem; font-size: 0.92rem; }
th, td { overflow-wrap: break-word; text-align: left; vertical-align: top; padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 600; }
.tree ul { list-style: none; padding-left: 1.5rem; margin: 0; }
.tree li { position: relative; margin: 0; padding-top: 0.6rem; }
.tree li::before { content: ""; position: absolute; left: -0.85rem; top: 0; height: 100%; border-left: 2px solid var(--line); }
.tree li:last-child::before { height: 1.75rem; }
.tree li::after { content: ""; position: absolute; left: -0.85rem; top: 1.75rem; width: 0.85rem; border-top: 2px solid var(--line); }
.node { border: 1px solid var(--line); border-radius: 10px; padding: 0.5rem 0.8rem; background: var(--page); }
.node.root { border: 2px solid var(--bad); }
.state { border-radius: 6px; background: var(--code); padding: 0 0.4rem; font-size: 0.86rem; }
.why { font-size: 0.9rem; color: var(--faint); } .query { margin-top: 0.15rem; } .more { margin-top: 0.6rem; color: var(--faint); }
.tree + .tree { margin-top: 1.4rem; }
.chips { display: flex; flex-wrap: wrap; gap: 0.4rem; padding: 0; list-style: none; } .chips li { margin: 0; background: var(--code); border-radius: 6px; padding: 0.08rem 0.5rem; font-size: 0.86rem; }
.chips .no { text-decoration: line-through; color: var(--faint); }
footer p { margin-top: 0.5rem; }
footer { margin-top: 2.5rem; color: var(--faint); font-size: 0.85rem; }
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --faint: #444; --code: #f2f2f2; --line: #ccc; color-scheme: light; }
  body { font-size: 11pt; } main { max-width: none; padding: 0; } summary { display: none; }
  .legend i, svg, .do, .badge, .node { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
