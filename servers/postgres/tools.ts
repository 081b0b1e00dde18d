import type { Tool } from "../../kernel/tool.ts";
import type { PostgresContext } from "./context.ts";
import { cancelQuery } from "./tools/pg-cancel-query.ts";
import { collectEvidence } from "./tools/pg-collect-evidence.ts";
import { diagnoseDatabase } from "./tools/pg-diagnose.ts";
import { indexHealth } from "./tools/pg-index-health.ts";
import { lockTree } from "./tools/pg-lock-tree.ts";
import { overview } from "./tools/pg-overview.ts";
import { replicationStatus } from "./tools/pg-replication-status.ts";
import { listSessions } from "./tools/pg-sessions.ts";
import { showSettings } from "./tools/pg-settings.ts";
import { tableHealth } from "./tools/pg-table-health.ts";
import { terminateSession } from "./tools/pg-terminate-session.ts";
import { topStatements } from "./tools/pg-top-statements.ts";
import { vacuumStatus } from "./tools/pg-vacuum-status.ts";
import { waitEvents } from "./tools/pg-wait-events.ts";

/** Every tool of this server, one line each; a law checks that the folder and this list agree. */
export const TOOLS: readonly Tool<PostgresContext>[] = [
  diagnoseDatabase,
  overview,
  listSessions,
  lockTree,
  waitEvents,
  topStatements,
  tableHealth,
  indexHealth,
  vacuumStatus,
  replicationStatus,
  showSettings,
  collectEvidence,
  cancelQuery,
  terminateSession,
];
