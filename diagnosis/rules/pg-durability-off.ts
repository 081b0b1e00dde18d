import type { PgSettings } from "../evidence/pg-operations.ts";
import { defineRule } from "../rule.ts";

/** Each of these lets a crash, or a damaged page, destroy data silently. */
const DANGEROUS: readonly { readonly key: string; readonly name: string; readonly bad: boolean; readonly effect: string }[] = [
  { key: "fsync", name: "fsync", bad: false, effect: "a crash of the machine can corrupt the whole cluster" },
  { key: "fullPageWrites", name: "full_page_writes", bad: false, effect: "a crash can leave torn pages that recovery cannot repair" },
  { key: "zeroDamagedPages", name: "zero_damaged_pages", bad: true, effect: "damaged pages are replaced by empty ones" },
  { key: "ignoreChecksumFailure", name: "ignore_checksum_failure", bad: true, effect: "damaged pages are read as if they were sound" },
];

/** One finding, whatever is off: the same person switched it off, and switches it on again. */
export const durabilityOff = defineRule({
  id: "pg-durability-off",
  title: "Settings that protect the data are switched off",
  why: "Nothing is wrong until the machine crashes or a page is damaged, and then the data is gone.",
  gravest: "warning",
  needs: ["pg.settings"],

  judge({ "pg.settings": { values } }) {
    const off = DANGEROUS.filter(({ key, bad }) => values[key] === bad);
    const [first] = off;
    if (first !== undefined) {
      return [
        {
          severity: "warning",
          object: { kind: "setting", name: first.name },
          about: off.slice(1).map(({ name }) => ({ kind: "setting" as const, name })),
          summary: off.map(({ name, bad, effect }) => `${name} is ${bad ? "on" : "off"}: ${effect}`).join("; "),
          facts: { settings: off.map(({ name }) => name) },
        },
      ];
    }
    return values["synchronousCommit"] === "off" ? [losesCommits(values)] : [];
  },

  clear: ({ "pg.settings": { values } }) =>
    `fsync is ${said(values["fsync"])}, full_page_writes ${said(values["fullPageWrites"])}, synchronous_commit ${String(values["synchronousCommit"] ?? "unknown")}`,
});

/** A choice that many make knowingly: no corruption, only the last moments are lost. */
function losesCommits(values: PgSettings["values"]) {
  return {
    severity: "advice" as const,
    object: { kind: "setting" as const, name: "synchronous_commit" },
    summary: "synchronous_commit is off: a crash loses the commits of the last moments (up to three times wal_writer_delay)",
    facts: { settings: ["synchronous_commit"], synchronousCommit: String(values["synchronousCommit"]) },
  };
}

function said(value: PgSettings["values"][string] | undefined): string {
  return value === undefined ? "unknown" : value === true ? "on" : "off";
}
