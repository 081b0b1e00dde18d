import { z } from "zod";
import { UnseenReason } from "./evidence.ts";
import { DiagnosedObject } from "./object.ts";

/** The public, versioned JSON of a diagnosis: `pg_diagnose`'s structuredContent, `--json`, bundles, gateway. */
export const DIAGNOSIS_VERSION = 1;

const SeverityName = z.enum(["critical", "warning", "advice"]);

export const DiagnosedRemedy = z.object({
  tool: z.string(),
  arguments: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  effect: z.enum(["write", "destroy"]),
  say: z.string(),
});
export type DiagnosedRemedy = z.output<typeof DiagnosedRemedy>;

export const DiagnosedCause = z.object({
  id: z.string(),
  title: z.string(),
  severity: SeverityName,
  object: DiagnosedObject.nullable(),
  summary: z.string(),
  /** Keys of findings. */
  proof: z.array(z.string()),
  explains: z.array(z.string()),
  ruledOut: z.array(z.object({ id: z.string(), because: z.string() })),
  remedies: z.array(DiagnosedRemedy),
  /** What a person has to do beyond the remedies, so that it does not come back. */
  advice: z.array(z.string()),
});
export type DiagnosedCause = z.output<typeof DiagnosedCause>;

export const DiagnosedFinding = z.object({
  key: z.string(),
  rule: z.string(),
  severity: SeverityName,
  object: DiagnosedObject.nullable(),
  summary: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.union([z.string(), z.number()]))])),
  evidence: z.array(z.string()),
});
export type DiagnosedFinding = z.output<typeof DiagnosedFinding>;

export const Diagnosis = z.object({
  schemaVersion: z.literal(DIAGNOSIS_VERSION),
  target: z.string(),
  takenAt: z.string(),
  durationMs: z.number(),
  verdict: z.enum(["healthy", "problems", "undecided"]),
  /** First what to fix first. */
  causes: z.array(DiagnosedCause),
  findings: z.array(DiagnosedFinding),
  /** Keys of findings that no cause explains. */
  unexplained: z.array(z.string()),
  undecided: z.array(
    z.object({ rule: z.string(), missing: z.array(z.object({ evidence: z.string(), because: UnseenReason, hint: z.string() })) }),
  ),
  looked: z.array(z.object({ evidence: z.string(), outcome: z.enum(["seen", "unseen"]), durationMs: z.number() })),
});
export type Diagnosis = z.output<typeof Diagnosis>;
