import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { assertGolden } from "../../test/golden.ts";
import { exampleDiagnosis, exampleSnapshot, hostileDiagnosis, hostileSnapshot, hugeDiagnosis } from "../../test/report-example.ts";
import { renderMarkdown } from "./markdown.ts";

suite("the Markdown report", () => {
  test("reads like a ticket", async () => {
    await assertGolden("report.md", renderMarkdown(exampleDiagnosis, exampleSnapshot));
  });

  test("lets nothing of the target format, link, mention or embed", () => {
    const markdown = renderMarkdown(hostileDiagnosis(), hostileSnapshot()).replace(/(`+).*?[^`]\1(?!`)/gu, "");
    assert.doesNotMatch(markdown, /(?<!\\)</u, "an unescaped tag");
    assert.doesNotMatch(markdown, /(?<!\\)\]\(/u, "a link");
    assert.doesNotMatch(markdown, /@everyone/u, "a mention");
    assert.doesNotMatch(markdown, /http:\/\//u, "an automatic link");
    assert.doesNotMatch(markdown, /^# heading/mu, "a heading");
    assert.doesNotMatch(markdown, /[\u001b\u202e]/u);
  });

  test("is bounded, whatever it is given", () => {
    assert.ok(Buffer.byteLength(renderMarkdown(hugeDiagnosis())) < 4_000_000);
  });
});
