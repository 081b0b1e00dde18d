import { type Claim, defineCause } from "../cause.ts";

export const standbyQueryConflicts = defineCause({
  id: "standby-query-conflicts",
  title: "Queries on the standby and replay stand in each other's way",
  proof: ["pg-standby-conflict"],
  explains: ["pg-standby-lags"],
  refutedBy: ["pg-replay-paused"],
  remedies: [
    {
      tool: "pg_cancel_query",
      effect: "write",
      say: () => "Cancel the query that replay waits for",
      arguments: (claim) => (claim.lead.facts["state"] === "active" ? sessionOf(claim) : null),
    },
    {
      tool: "pg_terminate_session",
      effect: "destroy",
      say: () => "Terminate the session that replay waits for",
      arguments: sessionOf,
    },
  ],
  advice: ({ object }) => [
    object?.kind === "session"
      ? "Lower max_standby_streaming_delay where readers may be cancelled, or give long reports a standby of their own."
      : "Raise max_standby_streaming_delay for longer queries at the price of older data, or set hot_standby_feedback = on at the price of dead rows on the primary.",
  ],
});

function sessionOf({ object }: Claim): { pid: number; backendStart: string } | null {
  return object?.kind === "session" ? { pid: object.pid, backendStart: object.backendStart } : null;
}
