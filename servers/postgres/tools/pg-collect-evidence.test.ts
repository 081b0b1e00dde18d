import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../../../diagnosis/diagnose.ts";
import { EVIDENCE_IDS, parseSnapshot } from "../../../diagnosis/evidence.ts";
import { startSandbox } from "../../../sandbox/server.ts";
import { ask } from "../../../sandbox/sessions.ts";
import { POSTGRES_VERSIONS } from "../../../test/postgres-versions.ts";
import { toolBenchAt } from "../../../test/tool-bench.ts";
import { collectEvidence } from "./pg-collect-evidence.ts";

for (const { name, options } of POSTGRES_VERSIONS) {
  describe(`pg_collect_evidence on ${name}`, () => {
    it("gives every kind of evidence as a snapshot that survives a round trip and is diagnosed the same", async () => {
      await using server = await startSandbox(options);
      await ask(server, "create extension pg_stat_statements");
      await using bench = await toolBenchAt(server.url(), { tools: [collectEvidence] });
      const { structured } = await bench.call(collectEvidence, { seconds: 0.3 });
      const snapshot = parseSnapshot(structured);
      const expected = EVIDENCE_IDS.filter((id) => id !== "complaint");
      assert.deepEqual(Object.keys(snapshot.evidence).toSorted(), expected.toSorted());
      for (const [id, gathered] of Object.entries(snapshot.evidence))
        assert.equal(gathered?.outcome, "seen", `${id}: ${JSON.stringify(gathered)}`);
      const again = parseSnapshot(JSON.parse(JSON.stringify(snapshot)));
      assert.deepEqual(again, snapshot);
      assert.deepEqual(diagnose(again), diagnose(snapshot));
    });

    it("takes only what was asked for", async () => {
      await using server = await startSandbox(options);
      await using bench = await toolBenchAt(server.url(), { tools: [collectEvidence] });
      const { structured } = await bench.call(collectEvidence, { only: ["pg.prepared", "pg.slots"], seconds: 0.2 });
      assert.deepEqual(Object.keys(parseSnapshot(structured).evidence).toSorted(), ["pg.prepared", "pg.slots"]);
    });
  });
}
