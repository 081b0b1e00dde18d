import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { diagnose } from "../diagnosis/diagnose.ts";
import { parseSnapshot } from "../diagnosis/evidence.ts";
import { renderHtml } from "../diagnosis/report/html.ts";
import { renderMarkdown } from "../diagnosis/report/markdown.ts";
import { renderText } from "../diagnosis/report/text.ts";
import { columnsOf } from "../diagnosis/report/wrap.ts";

/** Every recorded incident, through every report. */
const FOLDER = path.join(import.meta.dirname, "snapshots");
const RECORDED = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

suite("reports of recorded incidents", () => {
  for (const name of RECORDED) {
    test(`${name} is told in all formats, within their bounds, and names every cause`, async () => {
      const snapshot = parseSnapshot(JSON.parse(readFileSync(path.join(FOLDER, name), "utf8")));
      const diagnosis = diagnose(snapshot);
      const text = renderText(diagnosis, { snapshot });
      const markdown = renderMarkdown(diagnosis, snapshot);
      const page = await renderHtml(diagnosis, snapshot);

      assert.ok(Buffer.byteLength(text) <= 6 * 1024);
      const tooWide = text.split("\n").filter((line) => columnsOf(line) > 80);
      assert.deepEqual(tooWide, []);
      assert.doesNotMatch(text + markdown + page, /undefined|\[object |NaN/u);
      for (const { id, title, severity } of diagnosis.causes) {
        assert.ok(text.replace(/\s+/gu, " ").includes(severity === "advice" ? title : id), `${id} in the text`);
        assert.ok(markdown.includes(title), `${id} in the Markdown`);
        assert.ok(page.replaceAll("&#39;", "'").includes(title), `${id} on the page`);
      }
    });
  }

  test("there are some", () => {
    assert.ok(RECORDED.length > 30);
  });
});
