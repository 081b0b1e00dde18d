import type { RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { Approver } from "./approval.ts";
import { strip } from "./untrusted.ts";

/**
 * Asks the person at the other end of an MCP client, by a form of the client's own.
 *
 * Only an accepted form with the box ticked is a yes: clients exist that accept with the defaults. The box is not ticked
 * by default, and the text is built from facts that we fetched.
 */
export interface ClientRequests {
  /** Undefined when the client answered with an error, or the signal fired first. */
  request(
    method: string,
    params: Readonly<Record<string, unknown>>,
    related: RequestId,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** A person reads, thinks, perhaps asks a colleague. Afterwards the request still waits in `helpdesk approve`. */
const PATIENCE_SECONDS = 300;

export function elicitationApprover(requests: ClientRequests, related: RequestId): Approver {
  return {
    name: "elicitation",
    async ask(plan, tool, target, signal) {
      const message = strip(
        [
          `${tool.title} on ${target.name} (${target.environment})`,
          plan.summary,
          `Affects: ${plan.blastRadius}`,
          `To undo: ${plan.undo}`,
        ].join("\n"),
      );
      const params = {
        mode: "form",
        message,
        requestedSchema: {
          type: "object",
          properties: {
            agree: { type: "boolean", title: "Yes, do exactly this", description: "Nothing is done without it", default: false },
          },
          required: ["agree"],
        },
      };
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_SECONDS * 1_000)]);
      const answer = await requests.request("elicitation/create", params, related, patience);
      if (answer?.["action"] === "decline") return "refused";
      if (answer?.["action"] !== "accept") return "nobody-there";
      const content = answer["content"];
      return typeof content === "object" && content !== null && Reflect.get(content, "agree") === true ? "approved" : "refused";
    },
  };
}
