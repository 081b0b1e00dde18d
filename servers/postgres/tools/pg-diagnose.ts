import { z } from "zod";
import { Diagnosis } from "../../../diagnosis/diagnosis.ts";
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
    // Rules, causes and reports are half of all our modules: a host that only lists the tools does not wait for them.
    const [{ diagnose }, snapshot] = await Promise.all([
      import("../../../diagnosis/diagnose.ts"),
      collect({ seconds, ...(symptom !== undefined && { complaint: symptom }) }),
    ]);
    return diagnose(snapshot);
  },

  async render(diagnosis) {
    const { renderText } = await import("../../../diagnosis/report/text.ts");
    return renderText(diagnosis);
  },
});
