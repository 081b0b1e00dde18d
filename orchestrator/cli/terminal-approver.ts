import { wrap } from "../../diagnosis/report/wrap.ts";
import type { Answer, Approver } from "../../kernel/approval.ts";
import type { Plan } from "../../kernel/tool.ts";
import { strip } from "../../kernel/untrusted.ts";
import { columnsOf, isInteractive, paintFor } from "./terminal.ts";

/** Asks the person at the terminal about one plan at a time; "all" agrees to what follows of the same tool as well. */
export function terminalApprover(): Approver {
  const agreedTools = new Set<string>();
  return {
    name: "terminal",
    async ask(plan, tool, _target, signal): Promise<Answer> {
      if (agreedTools.has(tool.name)) return "approved";
      if (!isInteractive()) return "nobody-there";
      printPlan(plan);
      const { isCancel, select } = await import("@clack/prompts");
      const answer = await select({
        message: "Do it?",
        options: [
          { value: "no", label: "No, leave it" },
          { value: "yes", label: "Yes, this one" },
          { value: "all", label: "Yes, this one and the others like it" },
        ],
        output: process.stderr,
        signal,
      });
      if (isCancel(answer) || answer === "no") return "refused";
      if (answer === "all") agreedTools.add(tool.name);
      return "approved";
    },
  };
}

/** For a sandbox that is thrown away, where the answer was given beforehand. */
export function standingApprover(name: string): Approver {
  return { name, ask: async () => "approved" };
}

export function printPlan({ summary, blastRadius, undo }: Plan, stream: NodeJS.WriteStream = process.stderr): void {
  const paint = paintFor(stream);
  const rows = [
    ["Plan", summary],
    ["Touches", blastRadius],
    ["Undo", undo],
  ] as const;
  for (const [label, said] of rows) {
    const lines = wrap(strip(said).replaceAll("\n", " "), columnsOf(stream) - 11);
    stream.write(`  ${paint("strong", label.padEnd(9))}${lines.join(`\n${" ".repeat(11)}`)}\n`);
  }
}
