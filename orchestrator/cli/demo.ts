import { accessSync, constants, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { renderHtml } from "../../diagnosis/report/html.ts";
import { duration, plural } from "../../diagnosis/report/quantity.ts";
import { renderText } from "../../diagnosis/report/text.ts";
import { wrap } from "../../diagnosis/report/wrap.ts";
import type { Config } from "../../kernel/config.ts";
import { ToolError } from "../../kernel/errors.ts";
import { findDatabase, inventoryOfUrl } from "../../kernel/inventory.ts";
import { createLog } from "../../kernel/log.ts";
import { ASK_FOR_EVERYTHING } from "../../kernel/policy.ts";
import { strip } from "../../kernel/untrusted.ts";
import { type DemoIncident, demoSettings, makeDemoIncident } from "../../sandbox/demo.ts";
import { installedMajors, type SandboxServer, startSandbox } from "../../sandbox/server.ts";
import { postgresServer } from "../../servers/postgres/main.ts";
import { type InvestigationEvent, investigate, type Look } from "../investigate.ts";
import { roadOf } from "../workspace.ts";
import { usageError } from "./failure.ts";
import { interruptible } from "./interrupt.ts";
import { columnsOf, isInteractive, type Progress, paintFor, progressLine } from "./terminal.ts";
import { printPlan, standingApprover, terminalApprover } from "./terminal-approver.ts";
import { writeReport } from "./write-file.ts";

/**
 * `helpdesk demo`: breaks a PostgreSQL of its own, diagnoses it, repairs it by the same road as any other, and looks
 * again. Leaves an HTML report and nothing else.
 */
export interface DemoArguments {
  readonly isAgreed: boolean;
  readonly isKept: boolean;
}

export async function demoCommand(args: DemoArguments, config: Config): Promise<number> {
  return interruptible((signal) => demo(args, config, signal));
}

const TARGET = "shop";
/** Shorter than for a real database: the incident stands still. */
const LOOK_SECONDS = 2;
const LIVE_SECONDS = 30;
const CURED_SECONDS = 15;
const POLL_MS = 250;

async function demo({ isAgreed, isKept }: DemoArguments, config: Config, signal: AbortSignal): Promise<number> {
  const begun = performance.now();
  const progress = progressLine();
  const major = installedMajors().at(-1);
  if (major === undefined) {
    throw usageError(
      `no PostgreSQL for ${process.platform}-${process.arch} came with this installation`,
      "npm ci without --omit=optional brings it. Or diagnose a database of yours: helpdesk diagnose --url postgres://...",
    );
  }

  say("step", `Starting PostgreSQL ${major} in a temporary folder`);
  progress.show("starting");
  await using server = await startSandbox({ major, settings: demoSettings(major) });
  progress.clear();
  signal.throwIfAborted();
  say("step", "Breaking it: a checkout that takes connections, opens transactions and forgets both");
  await using incident = await makeDemoIncident(server);
  await until("the incident is live", () => incident.isLive(), LIVE_SECONDS, progress, signal);
  say("said", `"${incident.complaint}"`);

  const { first, last } = await repair(incident, server, { isAgreed, config, signal, progress });
  // What is still diagnosed does not go by waiting; what was cured takes the shop a moment to notice.
  const isCured = await settles(() => incident.isCured(), last.diagnosis.verdict === "problems" ? 0 : CURED_SECONDS, progress, signal);
  const again = last.diagnosis.verdict === "healthy" || !isCured ? last : await lookAgain(incident, server, config, signal, progress);
  compare(first, again, isCured);
  await leaveReport(first, config);

  const isWell = isCured && again.diagnosis.verdict !== "problems";
  const total = duration((performance.now() - begun) / 1000);
  say("step", isWell ? `Cured: ${verified(again)}. It took ${total} in all.` : notCured(again));
  if (isKept) await keep(server, incident, signal);
  return isWell ? 0 : 1;
}

function verified({ diagnosis }: Look): string {
  const open = diagnosis.undecided.length;
  if (diagnosis.verdict === "healthy") return "a second diagnosis finds the database healthy";
  return `a second diagnosis finds nothing wrong, and leaves ${plural(open, "check")} open that this role may not make`;
}

function notCured({ diagnosis }: Look): string {
  const [cause] = diagnosis.causes;
  return cause === undefined
    ? "Not cured: the second diagnosis still finds symptoms."
    : `Not cured: the second diagnosis finds "${cause.title}".`;
}

interface Parts {
  readonly isAgreed: boolean;
  readonly config: Config;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Through the same road as any database, with a policy that asks for every change and an audit trail that goes with the sandbox. */
async function repair(
  incident: DemoIncident,
  server: SandboxServer,
  { isAgreed, config, signal, progress }: Parts,
): Promise<{ first: Look; last: Look }> {
  const isAssumed = !isAgreed && !isInteractive();
  const approver = isAgreed || isAssumed ? standingApprover(isAgreed ? "--yes" : "assumed in the sandbox") : terminalApprover();
  await using place = await sandboxRoad(incident, server, config);
  const { road, postgres, caller } = place;
  const told = { acts: 0, isAssumed, isAgreed };
  for await (const event of investigate({
    road,
    server: postgres,
    target: TARGET,
    caller,
    seconds: LOOK_SECONDS,
    symptom: incident.complaint,
    signal,
    remedies: { approver, seconds: 1 },
  })) {
    if (event.kind === "done") return event;
    tell(event, told, progress);
  }
  throw new Error("the investigation ended without a result");
}

async function lookAgain(
  incident: DemoIncident,
  server: SandboxServer,
  config: Config,
  signal: AbortSignal,
  progress: Progress,
): Promise<Look> {
  await using place = await sandboxRoad(incident, server, config);
  const { road, postgres, caller } = place;
  for await (const event of investigate({ road, server: postgres, target: TARGET, caller, seconds: 1, signal })) {
    if (event.kind === "gathering") progress.show(event.says);
    if (event.kind === "done") {
      progress.clear();
      return event.last;
    }
  }
  throw new Error("the investigation ended without a result");
}

async function sandboxRoad(incident: DemoIncident, server: SandboxServer, config: Config) {
  const stateDir = mkdtempSync(path.join(tmpdir(), "helpdesk-demo-"));
  const url = server.url({ role: incident.role });
  const { databases, ...rest } = inventoryOfUrl(url);
  const inventory = {
    ...rest,
    databases: { [TARGET]: { ...findDatabase({ ...rest, databases }, "default"), environment: "test" as const } },
  };
  const log = createLog({ level: "error" });
  const road = roadOf({ stateDir, operator: config.operator }, ASK_FOR_EVERYTHING, log);
  const postgres = postgresServer(inventory, config, log);
  return {
    road,
    postgres,
    caller: { door: "terminal", subject: config.operator },
    async [Symbol.asyncDispose]() {
      await postgres.close();
      await road.audit.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** The rest is a count. */
const SHOWN_ACTS = 3;

/** What has been printed so far. */
interface Told {
  acts: number;
  readonly isAssumed: boolean;
  readonly isAgreed: boolean;
}

function tell(event: InvestigationEvent, told: Told, progress: Progress): void {
  switch (event.kind) {
    case "gathering":
      progress.show(`${event.says}${event.total === null ? "" : ` (${event.done} of ${event.total})`}`);
      break;
    case "gathered":
      progress.clear();
      if (told.acts === 0) {
        say("step", "Diagnosing it, as a role that can see statistics and sessions, and no table");
        process.stdout.write(
          `\n${renderText(event.diagnosis, { snapshot: event.snapshot, paint: paintFor(process.stdout), columns: columnsOf(process.stdout) })}\n`,
        );
      }
      break;
    case "approval-needed":
      progress.clear();
      if (told.acts === 0) {
        say("step", "Carrying out the first remedy, session by session");
        if (told.isAssumed) say("said", "(Nobody is at a terminal: assumed agreed, because this is a sandbox.)");
        if (told.isAgreed) say("said", "(Agreed by --yes.)");
        if (told.isAssumed || told.isAgreed) printPlan(event.plan, process.stdout);
      }
      break;
    case "remedied": {
      const { outcome } = event;
      progress.clear();
      told.acts += 1;
      if (outcome.kind !== "done" || !outcome.worked) say("act", `${outcome.kind === "done" ? "not done" : outcome.kind}: ${outcome.says}`);
      else if (told.acts <= SHOWN_ACTS) say("act", outcome.says);
      else progress.show(`  ${told.acts} sessions ended`);
      break;
    }
    case "verified":
      progress.clear();
      if (told.acts > SHOWN_ACTS) say("act", `and so on: ${told.acts} remedies carried out, each verified and recorded`);
      say("step", event.isCured ? `Looked again: "${event.cause.title}" is gone` : `Looked again: "${event.cause.title}" is still there`);
      break;
    case "found":
    case "cause":
    case "proposed":
    case "done":
      break;
    default:
      event satisfies never;
  }
}

function compare(first: Look, last: Look, isLetIn: boolean): void {
  const rows: readonly (readonly [string, string, string])[] = [
    ["", "before", "after"],
    ["verdict", first.diagnosis.verdict, last.diagnosis.verdict],
    ["connection slots in use", slotsOf(first), slotsOf(last)],
    ["idle in a transaction", sessionsOf(first, "idleInTransaction"), sessionsOf(last, "idleInTransaction")],
    ["waiting for a lock", sessionsOf(first, "waitingForLock"), sessionsOf(last, "waitingForLock")],
    ["new clients", "refused", isLetIn ? "let in" : "refused"],
  ];
  process.stdout.write("\n");
  for (const [label, before, after] of rows) process.stdout.write(`  ${label.padEnd(26)}${before.padEnd(14)}${after}\n`);
  process.stdout.write("\n");
}

function slotsOf({ snapshot }: Look): string {
  const slots = snapshot.evidence["pg.slots"];
  return slots?.outcome === "seen" ? `${slots.value.used - slots.value.ours} of ${slots.value.usable}` : "not seen";
}

function sessionsOf({ snapshot }: Look, what: "idleInTransaction" | "waitingForLock"): string {
  const sessions = snapshot.evidence["pg.sessions"];
  return sessions?.outcome === "seen" ? String(sessions.value[what]) : "not seen";
}

async function leaveReport({ diagnosis, snapshot }: Look, { cwd }: Config): Promise<void> {
  const name = `helpdesk-report-${diagnosis.takenAt.slice(0, 19).replace(/[-:]/gu, "").replace("T", "-")}.html`;
  const file = path.join(isWritable(cwd) ? cwd : mkdtempSync(path.join(tmpdir(), "helpdesk-")), name);
  await writeReport(file, await renderHtml(diagnosis, snapshot));
  say("step", `The report, with charts, is in ${file}`);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function until(what: string, holds: () => Promise<boolean>, seconds: number, progress: Progress, signal: AbortSignal): Promise<void> {
  if (!(await settles(holds, seconds, progress, signal))) {
    throw new ToolError("TIMED_OUT", `${what}: not within ${seconds} s on this machine`, {
      hint: "Run the demo again when the machine is less busy.",
    });
  }
}

async function settles(holds: () => Promise<boolean>, seconds: number, progress: Progress, signal: AbortSignal): Promise<boolean> {
  const begun = performance.now();
  try {
    while (!(await holds())) {
      const elapsed = (performance.now() - begun) / 1000;
      if (elapsed > seconds) return false;
      progress.show(`waiting, ${Math.round(elapsed)} s`);
      await sleep(POLL_MS, undefined, { signal });
    }
    return true;
  } catch (thrown) {
    if (signal.aborted) throw new ToolError("CANCELLED", "stopped");
    throw thrown;
  } finally {
    progress.clear();
  }
}

async function keep(server: SandboxServer, incident: DemoIncident, signal: AbortSignal): Promise<void> {
  say("step", `Kept until Ctrl-C: ${server.url({ role: incident.role })}`);
  while (!signal.aborted) await sleep(POLL_MS);
}

const SIGNS = { step: "●", said: " ", act: "  -" } as const;

function say(kind: keyof typeof SIGNS, text: string): void {
  const paint = paintFor(process.stdout);
  const margin = " ".repeat(SIGNS[kind].length + 1);
  for (const [index, line] of wrap(strip(text), columnsOf(process.stdout) - margin.length).entries()) {
    const whole = `${index === 0 ? `${SIGNS[kind]} ` : margin}${line}`;
    process.stdout.write(`${kind === "step" ? paint("strong", whole) : kind === "said" ? paint("faint", whole) : whole}\n`);
  }
}
