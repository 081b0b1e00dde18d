import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const hostNameNotResolved = defineRule({
  id: "pg-name-not-resolved",
  title: "The host name is not known",
  why: "Without an address nothing can be asked; the server itself may be well.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "name-not-resolved") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `the name ${connect.host} has no address here (${connect.errorCode})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected" ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms` : "the name was resolved",
});
