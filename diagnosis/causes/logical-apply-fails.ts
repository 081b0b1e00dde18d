import { defineCause } from "../cause.ts";
import { identifier } from "../quoted.ts";

export const logicalApplyFails = defineCause({
  id: "logical-apply-fails",
  title: "A subscription cannot apply what it receives",
  proof: ["pg-subscription-failing"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice({ object }) {
    const name = object?.kind === "subscription" ? identifier(object.name) : "...";
    return [
      "The subscriber's log has the error, the relation and the remote LSN: a duplicate key, a missing table or column, or a publisher that cannot be reached.",
      `Remove the conflicting row; or skip the transaction (15 and later): alter subscription ${name} skip (lsn = '...');`,
      `So that it stops instead of retrying for ever (15 and later): alter subscription ${name} set (disable_on_error = true);`,
    ];
  },
});
