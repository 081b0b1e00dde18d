import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Diagnosis } from "../../diagnosis/diagnosis.ts";
import { POSTGRES_VERSIONS, type TestedVersion } from "../postgres-versions.ts";
import type { Seen } from "./diagnose-live.ts";
import { CANARY, type Incident, nameOf, type Stage, stage } from "./incident.ts";
import { record } from "./record.ts";

/** The newest that is installed; HELPDESK_POSTGRES names another: "PostgreSQL 13", "Debian's PostgreSQL 15". */
function versionToTest(): TestedVersion {
  const wanted = process.env["HELPDESK_POSTGRES"];
  const version = POSTGRES_VERSIONS.filter(({ name }) => wanted === undefined || name === wanted).toSorted((a, b) => b.major - a.major)[0];
  if (version === undefined) throw new Error(`HELPDESK_POSTGRES must be one of: ${POSTGRES_VERSIONS.map(({ name }) => name).join(", ")}`);
  return version;
}

/** Makes each incident, diagnoses it as the product does, cures it, and diagnoses again. */
export function testIncidents(title: string, incidents: readonly Incident[]): void {
  const version = versionToTest();
  suite(`${title}, on ${version.name}`, () => {
    for (const incident of incidents) {
      test(`is diagnosed as ${nameOf(incident)}: ${incident.title}`, async (t) => {
        const { minMajor = version.major } = incident;
        if (version.major < minMajor) return t.diagnostic(`PostgreSQL ${version.major} cannot have it: not tested`);
        await using made = await stage(incident, { ...version.options, major: version.major });
        const { diagnosis, snapshot } = await look(made, incident);
        t.diagnostic(summaryOf(diagnosis));
        const [first] = diagnosis.causes;
        assert.equal(first?.id, incident.cause, summaryOf(diagnosis));
        for (const [part, value] of Object.entries(incident.expect.object ?? {})) {
          assert.deepEqual(Object.entries(first.object ?? {}).find(([name]) => name === part)?.[1], value, `the object's ${part}`);
        }
        const wrong = diagnosis.causes.map(({ id }) => id).filter((id) => incident.expect.never?.includes(id));
        assert.deepEqual(wrong, [], summaryOf(diagnosis));
        assert.doesNotMatch(JSON.stringify({ diagnosis, snapshot }), new RegExp(CANARY));
        await record(nameOf(incident), snapshot);

        if (incident.cure === undefined) return;
        await incident.cure(made.bench);
        await untilGone(made, incident);
      });
    }
  });
}

function look({ observer }: Stage, { seconds = 0.5, complaint }: Incident): Promise<Seen> {
  return observer.look({ seconds, ...(complaint !== undefined && { complaint }) });
}

/** What is cured may take a moment to clear: sessions leave, queues drain. */
async function untilGone(made: Stage, incident: Incident): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { diagnosis } = await look(made, incident);
    if (!diagnosis.causes.some(({ id }) => id === incident.cause)) return;
    assert.ok(tries < 20, `still diagnosed after the cure:\n${summaryOf(diagnosis)}`);
    await sleep(500);
  }
}

/** For whoever reads a failure. */
function summaryOf({ verdict, causes, unexplained, undecided }: Diagnosis): string {
  const said = causes.map(({ id, severity, object, summary }) => `${id} (${severity}) ${JSON.stringify(object)}: ${summary}`);
  const open = undecided.map(({ rule, missing }) => `${rule} for want of ${missing.map(({ evidence }) => evidence).join(", ")}`);
  return [verdict, ...said, `unexplained: ${unexplained.join(", ") || "nothing"}`, `undecided: ${open.join("; ") || "nothing"}`].join("\n");
}
