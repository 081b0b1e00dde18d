import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { diagnose } from "../diagnosis/diagnose.ts";
import { Diagnosis } from "../diagnosis/diagnosis.ts";
import { parseSnapshot } from "../diagnosis/evidence.ts";
import { renderText } from "../diagnosis/report/text.ts";
import { assertGolden } from "./golden.ts";

const FOLDER = path.join(import.meta.dirname, "snapshots");

/**
 * What live tests recorded on real servers (HELPDESK_RECORD=1), diagnosed without one. A snapshot is named
 * <cause>[.<variant>].json: its first cause must be that one, and its report the one that was agreed on.
 */
describe("a snapshot that was recorded on a real server", () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
    const name = file.slice(0, -".json".length);
    const [cause] = name.split(".");

    it(`${name}: the first cause is ${cause}, and the report is as agreed`, async () => {
      const snapshot = parseSnapshot(JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")));
      const diagnosis = diagnose(snapshot);
      Diagnosis.parse(diagnosis);
      assert.equal(diagnosis.causes[0]?.id, cause, diagnosis.causes.map(({ id, summary }) => `${id}: ${summary}`).join("\n"));
      await assertGolden(`${name}.txt`, verdictOf(renderText(diagnosis, { snapshot })));
    });
  }
});

/** Without what was and was not looked at: that counts rules, and would change with every new one. */
function verdictOf(report: string): string {
  return `${report.split(/\n\n(?:Could not be seen|Looked at)/)[0]?.trimEnd() ?? ""}\n`;
}
