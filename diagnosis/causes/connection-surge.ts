import { defineCause } from "../cause.ts";

export const connectionSurge = defineCause({
  id: "connection-surge",
  title: "A burst of new connections fills the slots",
  proof: ["pg-slots-held-by-new"],
  explains: ["pg-connections-exhausted"],
  refutedBy: [],
  remedies: [],

  advice({ lead: { object } }) {
    const who = object?.kind === "client" ? `"${object.application}"` : "the clients";
    return [
      `See what changed with ${who} within the last minutes: a deployment, a scale-up, retries without a pause after errors, a pool that is not shared`,
      "Cap the pool's size and let new connections be made with a growing pause after an error",
      "A pooler in transaction mode (PgBouncer) takes a burst in its queue, not in the server's slots",
    ];
  },
});
