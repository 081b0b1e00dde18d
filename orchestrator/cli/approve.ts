import { type ApprovalRequest, openApprovals } from "../../kernel/approval.ts";
import type { Config } from "../../kernel/config.ts";
import { strip } from "../../kernel/untrusted.ts";
import { approvalFolder } from "../workspace.ts";
import { usageError } from "./failure.ts";
import { isInteractive, paintFor } from "./terminal.ts";
import { printPlan } from "./terminal-approver.ts";

/**
 * `helpdesk approve`: a person's word on what an assistant asked for, given where the assistant has no hand.
 *
 * Agreeing takes a terminal, whatever the options say: an assistant with a shell must not approve its own request.
 * Refusing takes nothing.
 */
export interface ApproveArguments {
  readonly id: string | undefined;
  readonly isRefused: boolean;
  readonly isJson: boolean;
}

export async function approveCommand({ id, isRefused, isJson }: ApproveArguments, config: Config): Promise<number> {
  const approvals = openApprovals({ dir: approvalFolder(config) });
  const waiting = (await approvals.list()).filter(({ state }) => state === "pending");
  if (id === undefined) {
    if (isRefused) throw usageError("which request?", "Give its id; `helpdesk approve` lists them.");
    list(waiting, isJson);
    return 0;
  }
  const request = waiting.find((one) => one.id === id);
  if (request === undefined) throw usageError("no request of that id waits for an answer", "`helpdesk approve` lists what waits.");
  show(request);
  const decision = isRefused ? "refused" : await ask();
  await approvals.decide(id, decision, `${config.operator} (helpdesk approve)`);
  process.stdout.write(
    decision === "approved" ? `Approved until ${request.expiresAt}; the assistant can repeat its call now.\n` : "Refused.\n",
  );
  return 0;
}

async function ask(): Promise<"approved" | "refused"> {
  if (!isInteractive()) throw usageError("agreeing takes a person at a terminal", "Run it in one; --refuse works anywhere.");
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message: "Do you agree?", initialValue: false, output: process.stderr });
  return !isCancel(answer) && answer ? "approved" : "refused";
}

function list(waiting: readonly ApprovalRequest[], isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(waiting, null, 2)}\n`);
    return;
  }
  if (waiting.length === 0) process.stdout.write("Nothing waits for an answer.\n");
  const paint = paintFor(process.stdout);
  for (const { id, tool, target, caller, plan, expiresAt } of waiting) {
    process.stdout.write(
      `${paint("command", id)}  ${strip(`${plan.summary}\n            ${tool} on ${target}, asked by ${caller}, until ${expiresAt}`)}\n`,
    );
  }
}

function show({ tool, target, caller, plan, requestedAt }: ApprovalRequest): void {
  process.stderr.write(`${strip(`${tool} on ${target}, asked by ${caller} at ${requestedAt}`)}\n`);
  printPlan(plan);
}
