import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const portUnreachable = defineRule({
  id: "pg-port-unreachable",
  title: "The address does not answer at all",
  why: "Neither accepted nor refused: packets are dropped by a firewall, or there is no route or no host.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "unreachable") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `${connect.host}:${connect.port} neither accepted nor refused a connection within ${Math.round(connect.latencyMs)} ms (${connect.errorCode})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected" ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms` : "the address answered",
});
