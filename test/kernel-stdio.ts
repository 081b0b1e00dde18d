import { openApprovals } from "../kernel/approval.ts";
import { openAudit } from "../kernel/audit.ts";
import { answerEarly, listingMemory } from "../kernel/early-listing.ts";
import { createRoad } from "../kernel/invoke.ts";
import { createLog } from "../kernel/log.ts";
import { ASK_FOR_EVERYTHING, READ_ONLY_POLICY } from "../kernel/policy.ts";
import { serveStdio } from "../kernel/serve-stdio.ts";
import { stdinLines } from "../kernel/stdin-lines.ts";
import { fixtureServer } from "./kernel-fixture.ts";

/** The fixture over stdio: `node test/kernel-stdio.ts STATE_FOLDER [ask] [programs] [early]`, spawned by the kernel's tests. */
const [dir = "", ...words] = process.argv.slice(2);
const log = createLog({ name: "fixture" });
const road = createRoad({
  policy: words.includes("ask") ? ASK_FOR_EVERYTHING : READ_ONLY_POLICY,
  audit: openAudit({ dir: `${dir}/audit`, operator: "tester", log }),
  approvals: openApprovals({ dir: `${dir}/approvals` }),
  log,
});
await serveStdio(fixtureServer(), road, {
  version: "0.0.0",
  operator: "tester",
  programs: words.includes("programs"),
  ...(words.includes("early") && { early: await begin() }),
});

async function begin() {
  const memory = listingMemory({ folder: dir, circumstances: [words.includes("programs")], files: [] });
  const lines = stdinLines(process.stdin);
  const listing = memory.recall();
  const answers = listing && answerEarly(lines, listing, (message) => void process.stdout.write(`${JSON.stringify(message)}\n`));
  await answers?.done;
  return { memory, lines, answers };
}
