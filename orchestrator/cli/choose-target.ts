import { findDatabase, type Inventory, NO_TARGETS } from "../../kernel/inventory.ts";
import { usageError } from "./failure.ts";

/** The target that is meant, or the only one there is. */
export function chooseTarget(inventory: Inventory, given: string | undefined): string {
  const names = Object.keys(inventory.databases);
  if (given !== undefined) {
    findDatabase(inventory, given);
    return given;
  }
  const [only, second] = names;
  if (only === undefined) throw usageError("there is no database to look at", NO_TARGETS);
  if (second !== undefined) {
    const shown = names.slice(0, 20).join(", ");
    throw usageError("which database?", `Name one of ${shown}${names.length > 20 ? ", ..." : ""}.`);
  }
  return only;
}
