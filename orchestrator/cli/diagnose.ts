import { renderText } from "../../diagnosis/report/text.ts";
import type { Config } from "../../kernel/config.ts";
import { isConnectionString } from "../../kernel/connection-string.ts";
import { postgresServer } from "../../servers/postgres/main.ts";
import { investigate, type Look } from "../investigate.ts";
import { openWorkspace, type Workspace } from "../workspace.ts";
import { chooseTarget } from "./choose-target.ts";
import { usageError } from "./failure.ts";
import { interruptible } from "./interrupt.ts";
import { columnsOf, paintFor, progressLine } from "./terminal.ts";
import { writeReport } from "./write-file.ts";

/** `helpdesk diagnose`: one look at one database, as a report. Changes nothing. */
export interface DiagnoseArguments {
  readonly target: string | undefined;
  readonly url: string | undefined;
  readonly inventory: string | undefined;
  readonly symptom: string | undefined;
  readonly seconds: number | undefined;
  readonly format: "text" | "json" | "markdown";
  /** A file, or "-" for stdout. */
  readonly html: string | undefined;
}

const HEALTHY = 0;
/** Undecided too: it was done, and nobody should take it for an all-clear. */
const PROBLEMS = 1;

export async function diagnoseCommand(args: DiagnoseArguments, config: Config): Promise<number> {
  const { target, url } = placeOf(args);
  const workspace = await openWorkspace({ config, inventory: args.inventory, url });
  const name = chooseTarget(workspace.inventory, target);
  const look = await interruptible((signal) => lookOnce(workspace, name, args, signal));
  await show(look, args);
  return look.diagnosis.verdict === "healthy" ? HEALTHY : PROBLEMS;
}

function placeOf({ target, url, inventory }: DiagnoseArguments): { target: string | undefined; url: string | undefined } {
  if (target !== undefined && isConnectionString(target)) {
    if (url !== undefined) throw usageError("two connection strings were given", "Give one, as --url.");
    return { target: undefined, url: target };
  }
  if (url !== undefined && target !== undefined) {
    throw usageError("a target and --url were given", "A target is a name in the inventory; --url needs no name.");
  }
  if (url !== undefined && inventory !== undefined) {
    throw usageError("--url and --inventory were given", "Give the one that says where the database is.");
  }
  return { target, url };
}

async function lookOnce(workspace: Workspace, target: string, { seconds, symptom }: DiagnoseArguments, signal: AbortSignal): Promise<Look> {
  const { config, inventory, log, road } = workspace;
  const server = postgresServer(inventory, config, log);
  const progress = progressLine();
  try {
    const caller = { door: "terminal", subject: config.operator };
    for await (const event of investigate({ road, server, target, caller, seconds, symptom, signal })) {
      switch (event.kind) {
        case "gathering":
          progress.show(`${target}: ${event.says}${event.total === null ? "" : ` (${event.done} of ${event.total})`}`);
          break;
        case "done":
          return event.last;
        case "gathered":
        case "found":
        case "cause":
        case "proposed":
        case "approval-needed":
        case "remedied":
        case "verified":
          break;
        default:
          event satisfies never;
      }
    }
    throw new Error("the investigation ended without a result");
  } finally {
    progress.clear();
    await server.close();
    await road.audit.close();
  }
}

async function show({ diagnosis, snapshot }: Look, { format, html }: DiagnoseArguments): Promise<void> {
  if (html !== undefined) {
    const { renderHtml } = await import("../../diagnosis/report/html.ts");
    const page = await renderHtml(diagnosis, snapshot);
    if (html === "-") return void process.stdout.write(page);
    await writeReport(html, page);
  }
  switch (format) {
    case "json":
      process.stdout.write(`${JSON.stringify(diagnosis, null, 2)}\n`);
      break;
    case "markdown": {
      const { renderMarkdown } = await import("../../diagnosis/report/markdown.ts");
      process.stdout.write(renderMarkdown(diagnosis, snapshot));
      break;
    }
    case "text":
      process.stdout.write(renderText(diagnosis, { snapshot, paint: paintFor(process.stdout), columns: columnsOf(process.stdout) }));
      break;
    default:
      format satisfies never;
  }
  if (html !== undefined) process.stderr.write(`The HTML report is in ${html}\n`);
}
