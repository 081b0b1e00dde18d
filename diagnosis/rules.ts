import { connectionsExhausted } from "./rules/pg-connections-exhausted.ts";
import { idleInTransaction } from "./rules/pg-idle-in-transaction.ts";

/** Every rule, one line each; a law checks that the folder and this list agree. */
export const RULES = [connectionsExhausted, idleInTransaction] as const;

export type RuleId = (typeof RULES)[number]["id"];
