import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { assertGolden } from "../../test/golden.ts";
import {
  exampleDiagnosis,
  exampleSnapshot,
  healthyDiagnosis,
  hostileDiagnosis,
  hostileSnapshot,
  hugeDiagnosis,
} from "../../test/report-example.ts";
import { renderText } from "./text.ts";
import { columnsOf } from "./wrap.ts";

suite("the text report", () => {
  test("says what is wrong, since when, what proves it and what to do, in that order", async () => {
    const text = renderText(exampleDiagnosis, { snapshot: exampleSnapshot });
    await assertGolden("report.txt", text);
    const order = [
      "PROBLEMS",
      "1. CRITICAL",
      "Since",
      "Proof",
      "Do now",
      "Then",
      "Explains",
      "Not ",
      "2. WARNING",
      "Explained by none",
      "Could not be seen",
      "Looked at",
    ];
    const places = order.map((part) => text.indexOf(part));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    assert.ok(!places.includes(-1));
  });

  test("folds one act on many sessions into a line, and never two different acts", () => {
    const [cause] = exampleDiagnosis.causes;
    assert.ok(cause !== undefined);
    const act = (say: string, pid: number) => ({
      tool: "pg_cancel_query",
      effect: "write" as const,
      say,
      arguments: { pid, backendStart: "2026-03-14T08:52:02.471156Z" },
    });
    const remedies = [
      act("Cancel what waits in session 1", 1),
      act("Cancel what waits in session 2", 2),
      act("Or cancel what it waits for", 3),
    ];
    const text = renderText({ ...exampleDiagnosis, causes: [{ ...cause, remedies }] });
    assert.match(text, /Cancel what waits in session 1; and 1 more like it/u);
    assert.match(text, /Or cancel what it waits for\n/u);
  });

  test("of a healthy database claims nothing and says what was looked at", () => {
    const text = renderText(healthyDiagnosis);
    assert.match(text, /^shop: HEALTHY\. Nothing is wrong/u);
    assert.match(text, /Looked at 9 of 9/u);
    assert.doesNotMatch(text, /Could not be seen/u);
  });

  test("of an undecided verdict is no all-clear", () => {
    const text = renderText({ ...healthyDiagnosis, verdict: "undecided", undecided: exampleDiagnosis.undecided });
    assert.match(text, /UNDECIDED\. Nothing was found, but 3 checks could not be made: this is not\nan all-clear/u);
  });

  test("folds checks that one grant would open into one line", () => {
    const undecided = Array.from({ length: 30 }, (_, index) => ({
      rule: `pg-rule-${index}`,
      missing: [{ evidence: `pg.${index % 3}`, because: "no-permission" as const, hint: "grant pg_monitor to helpdesk" }],
    }));
    const text = renderText({ ...exampleDiagnosis, undecided });
    assert.match(text, /no-permission: pg\.0, pg\.1, pg\.2; leaves 30 checks open/u);
    assert.equal(text.match(/grant\s+pg_monitor/gu)?.length, 1);
  });

  test("stays within 80 columns and 6 KB, whatever it is given", () => {
    const wide = JSON.parse(JSON.stringify(hugeDiagnosis()).replaceAll("word ", "接続 "));
    for (const diagnosis of [exampleDiagnosis, hostileDiagnosis(), hugeDiagnosis(), wide]) {
      const text = renderText(diagnosis, { snapshot: hostileSnapshot() });
      assert.ok(Buffer.byteLength(text) <= 6 * 1024, `${Buffer.byteLength(text)} bytes`);
      assert.deepEqual(
        text.split("\n").filter((line) => columnsOf(line) > 80),
        [],
      );
    }
  });

  test("lets no control character or reordering mark of the target through", () => {
    const text = renderText(hostileDiagnosis(), { snapshot: hostileSnapshot() });
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u);
    assert.doesNotMatch(text, /\[31m|\]8;;/u);
  });

  test("says the same with colour as without", () => {
    const painted = renderText(exampleDiagnosis, { paint: (role, text) => `<${role}>${text}</>` });
    assert.equal(painted.replace(/<\w+>|<\/>/gu, ""), renderText(exampleDiagnosis));
    assert.match(painted, /<critical>CRITICAL<\/>/u);
  });

  test("gives the SQL of a remedy only for a session that is named exactly", () => {
    const [cause] = exampleDiagnosis.causes;
    assert.ok(cause);
    const withArguments = (given: Record<string, string | number>) =>
      renderText({
        ...exampleDiagnosis,
        causes: [{ ...cause, remedies: [{ tool: "pg_cancel_query", effect: "write", say: "Cancel it", arguments: given }] }],
      });
    assert.match(withArguments({ pid: 7, backendStart: "2026-03-14T08:52:02.471156Z" }), /select pg_cancel_backend\(pid\)/u);
    assert.doesNotMatch(withArguments({ pid: 7 }), /pg_cancel_backend/u);
    assert.doesNotMatch(withArguments({ pid: 7, backendStart: "2026-03-14T08:52:02' or true --" }), /pg_cancel_backend/u);
  });
});
