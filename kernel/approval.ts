import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { StoredRequest } from "./approval-file.ts";
import { canonicalJson } from "./canonical-json.ts";
import { ToolError } from "./errors.ts";
import { isCode, readOrCreateKey } from "./key-file.ts";
import type { Plan, Target } from "./tool.ts";
import { redactValue } from "./untrusted.ts";

/**
 * A person's word for one plan, kept in the state folder so that it can be given in another process.
 *
 * An approval is bound by an HMAC to tool, arguments, target, caller and the state that was seen; it expires and is used
 * once. A request, the decision on it and its use are three files, each created exclusively: two processes cannot both
 * decide, and two calls cannot both act on one approval.
 */
export interface Approver {
  /** How the person was reached, for the audit trail: "elicitation", "terminal". */
  readonly name: string;
  /** Shows the plan and waits. Text in the plan that came from a target can persuade nobody but the person. */
  ask(plan: Plan, tool: AskedTool, target: Target, signal: AbortSignal): Promise<Answer>;
}

export type Answer = "approved" | "refused" | "nobody-there";

export interface AskedTool {
  readonly name: string;
  readonly title: string;
  readonly effect: "write" | "destroy";
}

/** What is to be done, and for whom. */
export interface Intent {
  readonly server: string;
  readonly tool: string;
  readonly target: string;
  readonly arguments: unknown;
  readonly caller: string;
}

export interface ApprovalRequest {
  readonly id: string;
  readonly tool: string;
  readonly target: string;
  readonly arguments: unknown;
  readonly caller: string;
  readonly plan: Plan;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly state: "pending" | "approved" | "refused" | "used" | "expired";
  /** Who decided, once somebody has. */
  readonly by: string | null;
}

export interface Approvals {
  /** Stores a request, or returns the one that stands for the same intent and the same observed state. */
  request(intent: Intent, plan: Plan): Promise<ApprovalRequest>;
  /** What was decided for this intent and is neither used nor expired. A refusal stands for the state that was refused only. */
  standing(intent: Intent, plan: Plan): Promise<ApprovalRequest | undefined>;
  decide(id: string, decision: "approved" | "refused", by: string): Promise<ApprovalRequest>;
  /** Uses an approval up. PLAN_VOID when the state has moved on, APPROVAL_REFUSED when it is not there to be used. */
  redeem(id: string, intent: Intent, plan: Plan): Promise<ApprovalRequest>;
  /** Newest first. */
  list(): Promise<ApprovalRequest[]>;
}

const DEFAULT_LIFE_SECONDS = 600;
const KEPT_AFTERWARDS_SECONDS = 86_400;

export interface ApprovalOptions {
  readonly dir: string;
  readonly lifeSeconds?: number;
  readonly now?: () => Date;
}

export function openApprovals({ dir, lifeSeconds = DEFAULT_LIFE_SECONDS, now = () => new Date() }: ApprovalOptions): Approvals {
  let key: KeyObject | undefined;
  const mac = (purpose: string, value: unknown) => {
    key ??= readOrCreateKey(path.join(dir, "approval.key"));
    return createHmac("sha256", key).update(purpose).update("\n").update(canonicalJson(value)).digest("hex");
  };
  const intentMac = (intent: Intent) => mac("intent", intent);
  const stateMac = (intent: Intent, plan: Plan) => mac("state", { intent, object: plan.object, observed: plan.observed });
  const file = (id: string, part: "request" | "decision" | "used") => path.join(dir, `${id}.${part}.json`);

  async function load(id: string): Promise<{ stored: StoredRequest; shown: ApprovalRequest } | undefined> {
    const { StoredDecision, StoredRequest } = await import("./approval-file.ts");
    const parsed = StoredRequest.safeParse(await readJson(file(id, "request")));
    if (!parsed.success) return undefined;
    const { mac: claimed, ...content } = parsed.data;
    if (content.id !== id || !isSame(claimed, mac("request", content))) return undefined;
    const decided = StoredDecision.safeParse(await readJson(file(id, "decision")));
    const { mac: signed, ...decision } = decided.success ? decided.data : { mac: "" };
    const isDecided = decided.success && decided.data.requestMac === claimed && isSame(signed, mac("decision", decision));
    const { intentMac: _intent, stateMac: _state, ...shown } = content;
    const state = (await isThere(file(id, "used")))
      ? "used"
      : new Date(content.expiresAt) <= now()
        ? "expired"
        : isDecided
          ? decided.data.decision
          : "pending";
    return { stored: parsed.data, shown: { ...shown, state, by: isDecided ? decided.data.by : null } };
  }

  async function all() {
    const names = await readdir(dir).catch((cause: unknown) => {
      if (isCode(cause, "ENOENT")) return [];
      throw cause;
    });
    const ids = names.flatMap((name) => (name.endsWith(".request.json") ? [name.slice(0, -".request.json".length)] : []));
    const loaded = await Promise.all(ids.map(load));
    return loaded.filter((one) => one !== undefined).toSorted((a, b) => b.shown.requestedAt.localeCompare(a.shown.requestedAt));
  }

  async function forget(): Promise<void> {
    const before = now().getTime() - KEPT_AFTERWARDS_SECONDS * 1_000;
    const old = (await all()).filter(({ shown }) => new Date(shown.expiresAt).getTime() < before);
    for (const { shown } of old) {
      for (const part of ["decision", "used", "request"] as const) await rm(file(shown.id, part), { force: true });
    }
  }

  return {
    async request(intent, plan) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await forget();
      const observed = stateMac(intent, plan);
      const same = (await all()).find(({ stored, shown }) => stored.stateMac === observed && shown.state === "pending");
      if (same !== undefined) return same.shown;
      const { Kept, StoredPlan } = await import("./approval-file.ts");
      const at = now();
      const content = {
        id: newId(),
        tool: intent.tool,
        target: intent.target,
        arguments: Kept.parse(plainJson(redactValue(intent.arguments))),
        caller: intent.caller,
        plan: StoredPlan.parse(plainJson(redactValue(plan))),
        requestedAt: at.toISOString(),
        expiresAt: new Date(at.getTime() + lifeSeconds * 1_000).toISOString(),
        intentMac: intentMac(intent),
        stateMac: observed,
      };
      await create(file(content.id, "request"), { ...content, mac: mac("request", content) });
      const { intentMac: _intent, stateMac: _state, ...shown } = content;
      return { ...shown, state: "pending", by: null };
    },

    async standing(intent, plan) {
      const wanted = intentMac(intent);
      const seen = stateMac(intent, plan);
      const found = (await all()).find(
        ({ stored, shown }) =>
          stored.intentMac === wanted && (shown.state === "approved" || (shown.state === "refused" && stored.stateMac === seen)),
      );
      return found?.shown;
    },

    async decide(id, decision, by) {
      const found = isId(id) ? await load(id) : undefined;
      if (found === undefined) throw new ToolError("NOT_FOUND", "There is no approval request of that id", { hint: LIST });
      const { shown, stored } = found;
      if (shown.state !== "pending")
        throw new ToolError("NOT_FOUND", `The approval request ${id} is ${shown.state} already`, { hint: AGAIN });
      const content = { id, decision, by, at: now().toISOString(), requestMac: stored.mac };
      const isFirst = await create(file(id, "decision"), { ...content, mac: mac("decision", content) });
      if (!isFirst) throw new ToolError("NOT_FOUND", `The approval request ${id} was decided by somebody else just now`, { hint: LIST });
      return { ...shown, state: decision, by };
    },

    async redeem(id, intent, plan) {
      const found = isId(id) ? await load(id) : undefined;
      if (found === undefined || found.stored.intentMac !== intentMac(intent) || found.shown.state !== "approved") {
        throw new ToolError("APPROVAL_REFUSED", "There is no approval for this call that can still be used", { hint: AGAIN });
      }
      if (!(await create(file(id, "used"), { id, at: now().toISOString() }))) {
        throw new ToolError("APPROVAL_REFUSED", `The approval ${id} has been used already`, { hint: AGAIN });
      }
      if (found.stored.stateMac !== stateMac(intent, plan)) {
        throw new ToolError("PLAN_VOID", "The target has changed since the plan was approved; nothing was done", { hint: AGAIN });
      }
      return { ...found.shown, state: "used" };
    },

    async list() {
      return (await all()).map(({ shown }) => shown);
    },
  };
}

const LIST = "`helpdesk approve` without an id lists what waits for an answer.";
const AGAIN = "Call the tool again: it looks again and asks again.";

/** Short enough to be typed; guessing it gains nothing, because deciding takes the key. */
function newId(): string {
  return randomBytes(5).toString("hex");
}

function isId(text: string): boolean {
  return /^[0-9a-f]{10}$/.test(text);
}

/** False when the file is there already. */
async function create(file: string, content: object): Promise<boolean> {
  try {
    await writeFile(file, `${JSON.stringify(content)}\n`, { flag: "wx", mode: 0o600, flush: true });
    return true;
  } catch (cause) {
    if (isCode(cause, "EEXIST")) return false;
    throw cause;
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined; // Not there, or half written by another process: either way there is nothing to rely on.
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function plainJson(value: unknown): unknown {
  return JSON.parse(canonicalJson(value));
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
