import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Answer, openApprovals } from "../kernel/approval.ts";
import { openAudit } from "../kernel/audit.ts";
import { inventoryOfUrl } from "../kernel/inventory.ts";
import { createRoad, invoke } from "../kernel/invoke.ts";
import { SILENT } from "../kernel/log.ts";
import { ASK_FOR_EVERYTHING } from "../kernel/policy.ts";
import type { Plan, Tool } from "../kernel/tool.ts";
import type { PostgresContext } from "../servers/postgres/context.ts";
import { postgresServer } from "../servers/postgres/main.ts";

/** For tests of the PostgreSQL server's tools: each call goes down the one road, to a real database, with a person who is asked. */
export interface ToolBench extends AsyncDisposable {
  call<Context>(tool: Tool<Context>, args?: Readonly<Record<string, unknown>>): Promise<Called>;
  /** What the person was shown, the last one last. */
  readonly plans: readonly Plan[];
}

export interface Called {
  readonly structured: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface ToolBenchOptions {
  readonly tools: readonly Tool<PostgresContext>[];
  /** What the person does when asked; agrees when left out. */
  readonly person?: (plan: Plan) => Promise<Answer>;
}

export async function toolBenchAt(url: string, { tools, person = async () => "approved" }: ToolBenchOptions): Promise<ToolBench> {
  const folder = await mkdtemp(path.join(tmpdir(), "helpdesk-tools-"));
  const server = { ...postgresServer(inventoryOfUrl(url), { env: {} }, SILENT), tools };
  const audit = openAudit({ dir: path.join(folder, "audit"), operator: "test", log: SILENT });
  const road = createRoad({
    policy: ASK_FOR_EVERYTHING,
    log: SILENT,
    audit,
    approvals: openApprovals({ dir: path.join(folder, "approvals") }),
  });
  const plans: Plan[] = [];
  const approver = {
    name: "test",
    ask(plan: Plan): Promise<Answer> {
      plans.push(plan);
      return person(plan);
    },
  };
  return {
    plans,
    call: ({ name }, args = {}) => invoke(road, server, name, args, { caller: { door: "in-process", subject: "test" }, approver }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await audit.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
