import { z } from "zod";

/** What the files of an approval hold. Loaded when one is read: most servers never ask anybody. */
export const StoredPlan = z.object({
  summary: z.string(),
  object: z.json(),
  blastRadius: z.string(),
  undo: z.string(),
  observed: z.json(),
});
export const StoredRequest = z.strictObject({
  id: z.string(),
  tool: z.string(),
  target: z.string(),
  arguments: z.json(),
  caller: z.string(),
  plan: StoredPlan,
  requestedAt: z.string(),
  expiresAt: z.string(),
  intentMac: z.string(),
  stateMac: z.string(),
  mac: z.string(),
});
export type StoredRequest = z.output<typeof StoredRequest>;

export const StoredDecision = z.strictObject({
  id: z.string(),
  decision: z.enum(["approved", "refused"]),
  by: z.string(),
  at: z.string(),
  requestMac: z.string(),
  mac: z.string(),
});

/** Any JSON, as it is kept. */
export const Kept = z.json();
