import type { Tool } from "../../kernel/tool.ts";
import type { PostgresContext } from "./context.ts";
import { collectEvidence } from "./tools/pg-collect-evidence.ts";
import { diagnoseDatabase } from "./tools/pg-diagnose.ts";

/** Every tool of this server, one line each; a law checks that the folder and this list agree. */
export const TOOLS: readonly Tool<PostgresContext>[] = [diagnoseDatabase, collectEvidence];
