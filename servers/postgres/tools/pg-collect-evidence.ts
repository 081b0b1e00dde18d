import { z } from "zod";
import { EVIDENCE_IDS, SnapshotSchema } from "../../../diagnosis/evidence.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";

const PG_EVIDENCE = EVIDENCE_IDS.filter((id) => id.startsWith("pg."));

export const collectEvidence = defineTool({
  name: "pg_collect_evidence",
  title: "Collect evidence",
  effect: "read",
  description:
    "The database layer's evidence snapshot as plain JSON, for programs: to diagnose together with other layers, store or replay.",
  audience: "program",
  input: {
    only: z.array(z.enum(PG_EVIDENCE)).optional().describe("Evidence ids; all when left out"),
    seconds: z.number().min(0.2).max(30).default(3).describe("How long counters and waits are observed"),
  },
  output: SnapshotSchema.shape,
  deadlineSeconds: ({ seconds }) => seconds + 12,

  run: ({ only, seconds }, { collect }: Pick<PostgresContext, "collect">) => collect({ seconds, ...(only !== undefined && { only }) }),

  render: ({ target, takenAt, evidence }) => {
    const all = Object.entries(evidence);
    const unseen = all.flatMap(([id, gathered]) => (gathered?.outcome === "unseen" ? [`${id} (${gathered.because})`] : []));
    return `${all.length} kinds of evidence about ${target} at ${takenAt}${unseen.length > 0 ? `; not seen: ${unseen.join(", ")}` : ""}`;
  },
});
