import { addressOf, refusalFacts, refusalOf } from "../refusal.ts";
import { defineRule } from "../rule.ts";

export const connectionDropped = defineRule({
  id: "pg-connection-dropped",
  title: "The connection was cut before the login was over",
  why: "A crashing backend, a proxy without a server behind it, or a server that ends while it starts.",
  gravest: "critical",
  needs: ["pg.connect"],

  judge({ "pg.connect": connect }) {
    const refusal = refusalOf(connect);
    if (refusal !== "dropped") return [];
    return [
      {
        severity: "critical",
        object: addressOf(connect),
        summary: `${connect.host}:${connect.port} cut the connection at the stage ${connect.stage} (${connect.errorCode})`,
        facts: refusalFacts(connect),
      },
    ];
  },

  clear: ({ "pg.connect": connect }) =>
    connect.outcome === "connected" ? `connected to ${connect.host} in ${Math.round(connect.latencyMs)} ms` : "the connection was not cut",
});
