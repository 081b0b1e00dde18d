import { addressOf, isSocket, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const nothingListens = defineRule({
  id: "pg-nothing-listens",
  title: "Nothing listens on the address",
  why: "The host answers, and refuses the port: no PostgreSQL runs there, or it listens elsewhere.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "nothing-listens") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: isSocket(connect)
          ? `there is no server behind the socket in ${connect.host} (${connect.errorCode})`
          : `${connect.host}:${connect.port} refused the connection (${connect.errorCode}): no server listens there`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected" ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms` : "the port was not refused",
});
