import { defineCause } from "../cause.ts";

export const restartPending = defineCause({
  id: "restart-pending",
  title: "Settings were changed that only a restart applies",
  proof: ["pg-restart-pending"],
  explains: [],
  refutedBy: [],
  atMost: "advice",
  remedies: [],
  advice: () => [
    "Plan a restart, or take the change out of the file: select name, setting, pending_restart from pg_settings where pending_restart;",
  ],
});
