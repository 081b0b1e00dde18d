import { defineCause } from "../cause.ts";

export const serverStartingOrRecovering = defineCause({
  id: "server-starting-or-recovering",
  title: "The server starts, or recovers from a crash",
  proof: ["pg-starting-or-recovering"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["server-down", "server-shutting-down"],
  remedies: [],

  advice: () => [
    "Wait, and watch the log: redo in progress shows how far it is. Killing it makes it begin anew",
    "If it did not stop on purpose, find out why: an out-of-memory kill and a full disk stand in the log before the restart",
  ],
});
