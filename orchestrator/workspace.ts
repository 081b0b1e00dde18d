import path from "node:path";
import { openApprovals } from "../kernel/approval.ts";
import { openAudit } from "../kernel/audit.ts";
import type { Config } from "../kernel/config.ts";
import { type Inventory, inventoryOfUrl, loadInventory } from "../kernel/inventory.ts";
import { createRoad, type Road } from "../kernel/invoke.ts";
import { createLog, LOG_LEVELS, type Log, type LogLevel } from "../kernel/log.ts";
import { loadPolicy, type Policy, READ_ONLY_POLICY } from "../kernel/policy.ts";

/** What every command works with: the inventory that was asked for, the policy that it names, and the one road. */
export interface Workspace {
  readonly config: Config;
  readonly inventory: Inventory;
  readonly log: Log;
  readonly road: Road;
}

export interface WorkspaceRequest {
  readonly config: Config;
  readonly inventory?: string | undefined;
  /** Instead of an inventory. */
  readonly url?: string | undefined;
  /** $HELPDESK_LOG wins. */
  readonly logLevel?: LogLevel;
}

export async function openWorkspace({ config, inventory: file, url, logLevel = "warn" }: WorkspaceRequest): Promise<Workspace> {
  const { env, cwd, configDir } = config;
  const inventory = url === undefined ? await loadInventory({ flag: file, env, cwd, configDir }) : inventoryOfUrl(url);
  const policy = inventory.policy === undefined ? READ_ONLY_POLICY : await loadPolicy(inventory.policy);
  const log = createLog({ level: levelOf(env["HELPDESK_LOG"]) ?? logLevel });
  return { config, inventory, log, road: roadOf(config, policy, log) };
}

export function roadOf(config: Pick<Config, "stateDir" | "operator">, policy: Policy, log: Log): Road {
  return createRoad({
    policy,
    log,
    audit: openAudit({ dir: auditFolder(config), operator: config.operator, log }),
    approvals: openApprovals({ dir: approvalFolder(config) }),
  });
}

export function auditFolder({ stateDir }: Pick<Config, "stateDir">): string {
  return path.join(stateDir, "audit");
}

export function approvalFolder({ stateDir }: Pick<Config, "stateDir">): string {
  return path.join(stateDir, "approvals");
}

function levelOf(name: string | undefined): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === name);
}
