import { z } from "zod";
import { PgWaits } from "../../../diagnosis/evidence/pg-activity.ts";
import { duration } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { seen } from "../seen.ts";
import { quotedQuery } from "../session-line.ts";

/** Beyond the sampling: gathering has 8 s of its own. */
const GRACE_SECONDS = 12;
const LINE_CAP = 12;

export const waitEvents = defineTool({
  name: "pg_wait_events",
  title: "Sample wait events",
  effect: "read",
  description:
    "Where active sessions spend their time, sampled ten times a second: by wait event, by statement, and waits for locks. " +
    "Use when the database is slow and nobody knows on what.",
  input: { seconds: z.number().min(0.2).max(30).default(3).describe("How long to sample") },
  output: PgWaits.shape,
  deadlineSeconds: ({ seconds }) => seconds + GRACE_SECONDS,

  async run({ seconds }, { collect }: Pick<PostgresContext, "collect">) {
    return seen(await collect({ only: ["pg.waits"], seconds }), "pg.waits");
  },

  render({ samples, seconds, averageActive, events, statements, lockWaits }) {
    const over = `${samples} samples in ${duration(seconds)}`;
    if (events.length === 0) return `No session was active in ${over}.`;
    return [
      `${figure(averageActive).trim()} sessions active on average (${over}). Sessions at a time, by what they wait for:`,
      ...events.slice(0, LINE_CAP).map(({ type, event, averageSessions }) => `  ${figure(averageSessions)} ${waitText(type, event)}`),
      "By statement:",
      ...statements
        .slice(0, LINE_CAP)
        .map(({ query, type, event, averageSessions }) => `  ${figure(averageSessions)} ${waitText(type, event)}: ${quotedQuery(query)}`),
      ...(lockWaits.length === 0 ? [] : ["Waits for locks:"]),
      ...lockWaits.map(
        ({ event, averageSessions, distinctWaits, longestWaitSeconds, relation }) =>
          `  ${figure(averageSessions)} ${event}${relation === null ? "" : ` on ${relation.schema}.${relation.name}`}: ` +
          `${distinctWaits} distinct, longest ${duration(longestWaitSeconds)}; pg_lock_tree shows who holds them`,
      ),
    ].join("\n");
  },
});

/** PostgreSQL reports no wait while a process runs, or wants to run, on a processor. */
function waitText(type: string | null, event: string | null): string {
  return type === null ? "running (CPU)" : `${type}/${event}`;
}

function figure(sessions: number): string {
  return sessions.toFixed(2).padStart(6);
}
