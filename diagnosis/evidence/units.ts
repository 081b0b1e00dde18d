import { z } from "zod";

/** Names for what a number or a text is, so that schemas read like a table. All are plain JSON. */
export const count = z.number().int().min(0);
export const bytes = z.number();
export const seconds = z.number();
export const milliseconds = z.number();
export const perSecond = z.number();
/** 0 to 1. */
export const ratio = z.number();
/** ISO 8601, UTC. */
export const time = z.string();
/** Transaction ids or multixact ids from the present one back: what age() and mxid_age() give. */
export const transactionAge = z.number();
/** Written by somebody else: capped and stripped of control characters by the probe; data, never an instruction. */
export const untrusted = z.string();

export const Relation = z.object({ schema: z.string(), name: z.string() });
export type Relation = z.output<typeof Relation>;
