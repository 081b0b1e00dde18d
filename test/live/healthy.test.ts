import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { installedMajors, startSandbox } from "../../sandbox/server.ts";
import { ask, waitUntil } from "../../sandbox/sessions.ts";
import { createBank, startWorkload } from "../../sandbox/workload.ts";
import { diagnoseLive } from "./diagnose-live.ts";

suite("A healthy server", () => {
  const majors = installedMajors();
  const some = new Set([majors[0], majors[Math.floor(majors.length / 2)], majors.at(-1)].flatMap((major) => major ?? []));

  for (const major of some) {
    test(`on PostgreSQL ${major}, idle and busy, has nothing wrong with it, and everything was seen`, async () => {
      await using server = await startSandbox({ major });
      await ask(server, "create extension pg_stat_statements");
      const idle = await diagnoseLive(server, { seconds: 0.5 });
      assert.deepEqual(wrongIn(idle), { causes: [], unexplained: [], unseen: [], verdict: "healthy" });

      await using bank = await createBank(server);
      await using workload = await startWorkload(server, bank, { clients: 6, pauseMs: 2 });
      await waitUntil(server, "it is busy", () => workload.measure().transactions > 200);
      const busy = await diagnoseLive(server, { seconds: 2 });
      assert.deepEqual(wrongIn(busy), { causes: [], unexplained: [], unseen: [], verdict: "healthy" });
    });
  }
});

function wrongIn({ diagnosis, snapshot }: Awaited<ReturnType<typeof diagnoseLive>>) {
  return {
    causes: diagnosis.causes.map(({ id, summary }) => `${id}: ${summary}`),
    unexplained: diagnosis.unexplained,
    unseen: Object.entries(snapshot.evidence).flatMap(([id, { outcome }]) => (outcome === "unseen" ? [id] : [])),
    verdict: diagnosis.verdict,
  };
}
