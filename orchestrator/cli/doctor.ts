import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";
import { parseSnapshot, type Snapshot } from "../../diagnosis/evidence.ts";
import { identifier } from "../../diagnosis/quoted.ts";
import { shortVersion } from "../../diagnosis/report/quantity.ts";
import { verifyAudit } from "../../kernel/audit-trail.ts";
import type { Config } from "../../kernel/config.ts";
import { ToolError } from "../../kernel/errors.ts";
import type { Inventory } from "../../kernel/inventory.ts";
import { invoke } from "../../kernel/invoke.ts";
import { redact, strip, untrusted } from "../../kernel/untrusted.ts";
import { installedMajors } from "../../sandbox/binaries.ts";
import { postgresServer } from "../../servers/postgres/main.ts";
import { packageVersion } from "../package.ts";
import { auditFolder, openWorkspace, type Workspace } from "../workspace.ts";
import { interruptible } from "./interrupt.ts";
import { paintFor, progressLine } from "./terminal.ts";

/** `helpdesk doctor`: what works here, what is missing, how to get it. Looks, and changes nothing. */
export interface Check {
  readonly name: string;
  /** "broken": something that was asked for does not work. "missing": it works, and could do more. */
  readonly state: "good" | "missing" | "broken";
  readonly says: string;
  /** What to do; empty when nothing is. */
  readonly todo: string;
}

export async function doctorCommand(
  { inventory, isJson }: { readonly inventory: string | undefined; readonly isJson: boolean },
  config: Config,
): Promise<number> {
  const checks = (await interruptible((signal) => examine(inventory, config, signal))).map(withoutSecrets);
  if (isJson) process.stdout.write(`${JSON.stringify({ checks }, null, 2)}\n`);
  else print(checks);
  return checks.some(({ state }) => state === "broken") ? 1 : 0;
}

/** What could not be read may be repeated in the reason. */
function withoutSecrets({ says, todo, ...check }: Check): Check {
  return { ...check, says: redact(says), todo: redact(todo) };
}

async function examine(file: string | undefined, config: Config, signal: AbortSignal): Promise<Check[]> {
  const here = [
    good("helpdesk", `${packageVersion()}, Node ${process.versions.node} on ${process.platform}-${process.arch}`),
    stateFolder(config),
    await auditTrail(config),
    sandbox(),
  ];
  try {
    const workspace = await openWorkspace({ config, inventory: file, logLevel: "error" });
    return [...here, ...inventoryChecks(workspace.inventory), ...(await databases(workspace, signal))];
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.code !== "INVALID_CONFIGURATION") throw thrown;
    return [...here, broken("inventory", thrown.message, thrown.hint ?? "")];
  }
}

function inventoryChecks({ source, databases, policy }: Inventory): Check[] {
  const count = Object.keys(databases).length;
  const from = source.kind === "file" ? source.file : source.kind === "environment" ? "DATABASE_URL or the PG* variables" : "";
  if (count === 0) {
    return [
      missing(
        "inventory",
        from === "" ? "no database is configured" : `${from} names no database`,
        "helpdesk init writes an inventory; or set DATABASE_URL",
      ),
    ];
  }
  return [
    good("inventory", `${count} ${count === 1 ? "database" : "databases"} from ${from}`),
    policy === undefined ? good("policy", "none: everything may be looked at, nothing changed") : good("policy", policy),
  ];
}

/** Each is asked at the same time; one that hangs costs its deadline and no more. */
async function databases(workspace: Workspace, signal: AbortSignal): Promise<Check[]> {
  const { config, inventory, log, road } = workspace;
  const server = postgresServer(inventory, config, log);
  const progress = progressLine();
  try {
    const names = Object.keys(inventory.databases);
    progress.show(`asking ${names.length === 1 ? names[0] : `${names.length} databases`}`);
    const asked = names.map(async (name) => {
      try {
        const only = ["pg.connect", "pg.server", "pg.settings"];
        const caller = { door: "terminal", subject: config.operator };
        const answer = await invoke(road, server, "pg_collect_evidence", { target: name, only, seconds: 0.2 }, { caller, signal });
        return databaseChecks(name, parseSnapshot(answer.structured));
      } catch (thrown) {
        if (!(thrown instanceof ToolError) || thrown.code === "CANCELLED") throw thrown;
        return [broken(name, thrown.message, thrown.hint ?? "")];
      }
    });
    return (await Promise.all(asked)).flat();
  } finally {
    progress.clear();
    await server.close();
    await road.audit.close();
  }
}

/** Without it statements cannot be told apart by their time. */
const STATEMENTS = "pg_stat_statements";
const RESERVED_ROLE_SINCE = 160_000;

export function databaseChecks(name: string, { evidence }: Snapshot): Check[] {
  const connect = evidence["pg.connect"];
  const server = evidence["pg.server"];
  const settings = evidence["pg.settings"];
  if (connect?.outcome === "seen" && connect.value.outcome === "failed") {
    const { host, port, database, role, stage, sqlState, errorCode } = connect.value;
    const why = sqlState === null ? `${errorCode ?? "no answer"} while it came to "${stage}"` : `SQLSTATE ${sqlState}`;
    return [
      broken(name, `no connection to ${host}:${port}/${database} as ${role}: ${why}`, `helpdesk diagnose ${name} says what this means`),
    ];
  }
  if (server?.outcome !== "seen") return [broken(name, `connected, but ${server?.message ?? "nothing could be read"}`, server?.hint ?? "")];
  const { role, version, versionNum, inRecovery } = server.value;
  const reached = good(
    name,
    `PostgreSQL ${untrusted(shortVersion(version), 40)}, ${inRecovery ? "standby" : "primary"}, as ${untrusted(role.name, 63)}`,
  );
  const grants = [
    ...(role.monitor || role.superuser
      ? []
      : [missing(name, "other roles' sessions and statements are hidden", `grant pg_monitor to ${identifier(role.name)};`)]),
    ...(role.mayUseReservedSlots || versionNum < RESERVED_ROLE_SINCE
      ? []
      : [
          missing(
            name,
            "is not let in when all connection slots are taken",
            `grant pg_use_reserved_connections to ${identifier(role.name)}; and set reserved_connections = 3`,
          ),
        ]),
    ...(role.superuser
      ? [
          missing(
            name,
            `${untrusted(role.name, 63)} is a superuser: more than is needed`,
            "helpdesk init --sql prints the SQL for a role with the least rights",
          ),
        ]
      : []),
  ];
  const installed = settings?.outcome === "seen" ? settings.value.extensions : null;
  const extension =
    installed === null || installed.includes(STATEMENTS)
      ? []
      : [
          missing(
            name,
            `${STATEMENTS} is not installed: which statements take the time cannot be seen`,
            `create extension ${STATEMENTS}; (and shared_preload_libraries)`,
          ),
        ];
  return [reached, ...grants, ...extension];
}

function stateFolder({ stateDir }: Config): Check {
  const exists = existsSync(stateDir);
  let at = stateDir;
  while (!existsSync(at) && path.dirname(at) !== at) at = path.dirname(at);
  try {
    accessSync(at, constants.W_OK);
    return good("state folder", `${stateDir}${exists ? "" : " (made when first needed)"}`);
  } catch {
    return broken(
      "state folder",
      `${stateDir} cannot be written: there is no audit trail, so nothing may be changed`,
      "Make it writable, or set XDG_STATE_HOME.",
    );
  }
}

async function auditTrail(config: Config): Promise<Check> {
  try {
    const { isWhole, chains } = await verifyAudit(auditFolder(config));
    const records = chains.reduce((sum, chain) => sum + chain.records, 0);
    return isWhole
      ? good("audit trail", `whole, ${records} records`)
      : broken("audit trail", "it is broken", "helpdesk audit verify says where");
  } catch {
    return broken("audit trail", `${auditFolder(config)} cannot be read`, "It belongs to the user who runs helpdesk.");
  }
}

function sandbox(): Check {
  const majors = installedMajors();
  if (majors.length > 0) return good("sandbox", `PostgreSQL ${majors.join(", ")} for helpdesk demo`);
  return missing(
    "sandbox",
    `no PostgreSQL for ${process.platform}-${process.arch} was installed, so there is no demo`,
    "npm ci without --omit=optional",
  );
}

function good(name: string, says: string): Check {
  return { name, state: "good", says, todo: "" };
}

function missing(name: string, says: string, todo: string): Check {
  return { name, state: "missing", says, todo };
}

function broken(name: string, says: string, todo: string): Check {
  return { name, state: "broken", says, todo };
}

function print(checks: readonly Check[]): void {
  const paint = paintFor(process.stdout);
  const roles = { good: "healthy", missing: "warning", broken: "critical" } as const;
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, state, says, todo } of checks) {
    const lines = strip(says).split("\n");
    const margin = " ".repeat(width + 11);
    process.stdout.write(`${paint(roles[state], state.padEnd(7))}  ${name.padEnd(width)}  ${lines.join(`\n${margin}`)}\n`);
    if (todo !== "") process.stdout.write(`${margin}${paint("command", strip(todo).replaceAll("\n", `\n${margin}`))}\n`);
  }
}
