import { z } from "zod";

/** The shape of policy.yaml. Loaded when there is a file to check: building it takes 5 ms of a server's start. */
const EFFECTS = ["read", "write", "destroy"] as const;

const PolicyRule = z
  .strictObject({
    name: z.string().min(1).max(80),
    effects: z.array(z.enum(EFFECTS)).min(1),
    /** Names of tools; `*` stands for any run of characters. Left out: every tool. */
    tools: z.array(z.string().min(1)).min(1).optional(),
    targets: z.array(z.string().min(1)).min(1).optional(),
    environments: z
      .array(z.enum(["production", "staging", "test"]))
      .min(1)
      .optional(),
    /** Who calls: the subject of the bearer token, or the operator of the process. */
    callers: z.array(z.string().min(1)).min(1).optional(),
    decision: z.enum(["allow", "ask", "deny"]),
    unattended: z.boolean().default(false),
    because: z.string().min(1).max(200).optional(),
  })
  .superRefine((rule, context) => {
    if (rule.decision === "ask" && rule.effects.includes("read")) {
      context.addIssue({ code: "custom", path: ["decision"], message: "a read has no plan to ask about; allow it or deny it" });
    }
    if (rule.unattended && rule.decision !== "allow") {
      context.addIssue({ code: "custom", path: ["unattended"], message: "goes with decision: allow only" });
    }
  });
export type PolicyRule = z.output<typeof PolicyRule>;

export const PolicySchema = z.strictObject({ version: z.literal(1), rules: z.array(PolicyRule).max(500) });
export type Policy = z.output<typeof PolicySchema>;
