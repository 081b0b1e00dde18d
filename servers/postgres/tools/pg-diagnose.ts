import { z } from "zod";
import { diagnose } from "../../../diagnosis/diagnose.ts";
import { Diagnosis } from "../../../diagnosis/diagnosis.ts";
import { renderText } from "../../../diagnosis/report/text.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";

/** Beyond the sampling: gathering has 8 s of its own and ends by itself, with what it has. */
const GRACE_SECONDS = 12;

export const diagnoseDatabase = defineTool({
  name: "pg_diagnose",
  title: "Diagnose the database",
  effect: "read",
  description:
    "Root causes of trouble in this PostgreSQL, worst first: proof with numbers, what each explains, what was ruled out, what to do. " +
    "Start here for any complaint, also when the database cannot be reached.",
  input: {
    symptom: z.string().max(2000).optional().describe("What is wrong, in the words of whoever complains; error messages help"),
    seconds: z.number().min(0.2).max(30).default(3).describe("How long counters and waits are observed"),
  },
  output: Diagnosis.shape,
  deadlineSeconds: ({ seconds }) => seconds + GRACE_SECONDS,

  async run({ symptom, seconds }, { collect }: Pick<PostgresContext, "collect">) {
    return diagnose(await collect({ seconds, ...(symptom !== undefined && { complaint: symptom }) }));
  },

  render: (diagnosis) => renderText(diagnosis),
});
