import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  exampleDiagnosis,
  exampleSnapshot,
  healthyDiagnosis,
  hostileDiagnosis,
  hostileSnapshot,
  hugeDiagnosis,
} from "../../test/report-example.ts";
import { renderHtml } from "./html.ts";

/** What a browser would see as elements. */
function tagsOf(page: string): Set<string> {
  return new Set([...page.matchAll(/<([a-z!][\w-]*)/giu)].map(([, name = ""]) => name.toLowerCase()));
}

suite("the HTML report", () => {
  test("is one file that loads nothing and runs nothing", async () => {
    const page = await renderHtml(exampleDiagnosis, exampleSnapshot);
    const tags = tagsOf(page);
    for (const tag of ["script", "link", "img", "iframe", "object", "embed", "base", "form", "use", "image", "foreignobject"]) {
      assert.ok(!tags.has(tag), `has <${tag}>`);
    }
    assert.doesNotMatch(page, /\b(?:src|href|srcset|action)\s*=/u);
    assert.doesNotMatch(page, /url\(|@import/u);
    assert.match(page, /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/u);
  });

  test("draws slots, waits, transactions, kept WAL and the lock trees from the snapshot, each with a text for who cannot see it", async () => {
    const page = await renderHtml(exampleDiagnosis, exampleSnapshot);
    for (const title of ["Connection slots", "What active sessions wait for", "Oldest open transactions", "WAL that is kept"]) {
      assert.match(page, new RegExp(`role="img" aria-label="${title}\\. `, "u"));
    }
    assert.equal(page.match(/<svg /gu)?.length, 4);
    assert.equal(page.match(/<table>/gu)?.length, 5);
    assert.equal(page.match(/role="treeitem"/gu)?.length, 8);
    assert.match(page, /Lock: tuple: 4\.0 sessions/u);
  });

  test("is whole without a snapshot", async () => {
    const page = await renderHtml(exampleDiagnosis);
    assert.match(page, /The application opens transactions and never ends them/u);
    assert.match(page, /Could not be seen/u);
    assert.doesNotMatch(page, /<svg/u);
    assert.match(await renderHtml(healthyDiagnosis), /Nothing is wrong/u);
  });

  test("makes no element, attribute or style of what the target says", async () => {
    const page = await renderHtml(hostileDiagnosis(), hostileSnapshot());
    const benign = tagsOf(await renderHtml(exampleDiagnosis, exampleSnapshot));
    assert.deepEqual([...tagsOf(page).difference(benign)], []);
    assert.doesNotMatch(page.replace(/"[^"]*"/gu, '""'), /<[^>]*\son\w+=/iu);
    assert.doesNotMatch(page, /[\u001b\u202e]/u);
    assert.equal(page.match(/<\/style>/gu)?.length, 1);
  });

  test("takes its colours from the style sheet, so that dark and print apply to charts too", async () => {
    const page = await renderHtml(exampleDiagnosis, exampleSnapshot);
    const drawn = page.slice(page.indexOf("<svg"));
    const fills = new Set([...drawn.matchAll(/fill="([^"]+)"/gu)].map(([, fill]) => fill));
    assert.deepEqual(
      [...fills].filter((fill) => fill !== "none" && !fill?.startsWith("var(--")),
      [],
    );
  });

  test("is bounded, whatever it is given", async () => {
    assert.ok((await renderHtml(hugeDiagnosis())).length < 1_000_000);
  });
});
