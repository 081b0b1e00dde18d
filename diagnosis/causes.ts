import type { Cause } from "./cause.ts";
import { leakedTransactions } from "./causes/leaked-transactions.ts";

/** Every cause, one line each. The order breaks ties: what a DBA would rule out first stands first. */
export const CAUSES: readonly Cause[] = [leakedTransactions];
