import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { type Fixture, fixtureServer, SECRET } from "../test/kernel-fixture.ts";
import { type Answer, type Approvals, type Approver, openApprovals } from "./approval.ts";
import { type Audit, type AuditRecord, NO_AUDIT } from "./audit.ts";
import { ToolError } from "./errors.ts";
import { createRoad, type InvokeOptions, invoke, type Road } from "./invoke.ts";
import { type Log, SILENT } from "./log.ts";
import { ASK_FOR_EVERYTHING, type Policy, READ_ONLY_POLICY } from "./policy.ts";
import { defineTool } from "./tool.ts";

const UNATTENDED: Policy = {
  version: 1,
  rules: [{ name: "robots", effects: ["write", "destroy"], decision: "allow", unattended: true }],
};

let dir = "";
let approvals: Approvals;
let server: Fixture;
let records: (AuditRecord & { readonly durable: boolean })[] = [];
let audit: Audit;
let logged: string[] = [];
const log: Log = { ...SILENT, error: (...all) => logged.push(JSON.stringify(all)), info: (...all) => logged.push(JSON.stringify(all)) };
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "invoke-"));
  approvals = openApprovals({ dir });
  server = fixtureServer();
  records = [];
  logged = [];
  audit = {
    note: (record) => void records.push({ ...record, durable: false }),
    write: async (record) => void records.push({ ...record, durable: true }),
    close: async () => {},
  };
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const road = (policy: Policy = READ_ONLY_POLICY): Road => createRoad({ policy, audit, approvals, log });
const caller = { door: "in-process", subject: "anna" };
const call = (policy: Policy, name: string, args: unknown, options: Partial<InvokeOptions> = {}) =>
  invoke(road(policy), server, name, args, { caller, ...options });
const person = (answer: Answer, before: () => void = () => {}): Approver & { asked: number } => ({
  name: "test",
  asked: 0,
  async ask() {
    this.asked += 1;
    before();
    return answer;
  },
});
const kinds = () => records.map(({ kind }) => kind);
const lamp = (name = "kitchen") => server.lamps.get(name) ?? { isOn: false, switched: -1 };

async function errorOf(promise: Promise<unknown>): Promise<ToolError> {
  const thrown = await promise.then(
    () => assert.fail("was answered"),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ToolError, String(thrown));
  return thrown;
}

const TELL = defineTool({
  name: "lamp_tell",
  title: "Tell",
  effect: "read",
  description: "Says it again.",
  input: { text: z.string() },
  output: { said: z.string() },
  run: async ({ text }) => ({ said: text }),
  render: ({ said }) => said,
});

describe("a read", () => {
  it("is parsed, decided, run and recorded without waiting", async () => {
    const answer = await call(READ_ONLY_POLICY, "lamp_state", { target: "cellar" });
    assert.deepEqual(answer.structured, { isOn: false, brightness: 0, unit: "watt", target: "cellar" });
    assert.deepEqual(
      records.map(({ kind, durable }) => [kind, durable]),
      [
        ["call", false],
        ["outcome", false],
      ],
    );
  });

  it("needs no target where there is only one, and says so where there is none", async () => {
    server = fixtureServer([{ name: "attic", environment: "test" }]);
    assert.equal((await call(READ_ONLY_POLICY, "lamp_state", {})).target, "attic");
    server = fixtureServer([]);
    assert.match((await errorOf(call(READ_ONLY_POLICY, "lamp_state", {}))).hint ?? "", /helpdesk init/);
  });

  it("can be denied by a rule", async () => {
    const policy: Policy = {
      version: 1,
      rules: [{ name: "no cellar", effects: ["read"], targets: ["cellar"], decision: "deny", unattended: false }],
    };
    assert.equal((await errorOf(call(policy, "lamp_state", { target: "cellar" }))).code, "DENIED");
    assert.equal((await call(policy, "lamp_state", { target: "kitchen" })).structured["isOn"], false);
    assert.equal(server.state.opened, 1);
  });

  it("leaves as a ToolError and nothing else, whatever it throws and whatever it is called with", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constantFrom("lamp_state", "lamp_broken", "__proto__", "toString"), fc.string()),
        fc.anything(),
        async (name, args) => {
          const outcome = await call(READ_ONLY_POLICY, name, args).catch((error: unknown) => error);
          assert.ok(outcome instanceof ToolError ? outcome.code !== "INTERNAL" : typeof outcome === "object", String(outcome));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is INVALID_ARGUMENT where a text holds NUL, which no target takes", async () => {
    const spoken = { ...server, tools: [{ ...TELL }] };
    const error = await errorOf(
      invoke(road(), spoken, "lamp_tell", { target: "kitchen", text: "on\0off" }, { caller, signal: AbortSignal.timeout(5_000) }),
    );
    assert.equal(error.code, "INVALID_ARGUMENT");
    assert.match(error.message, /text: expected text without NUL/);
    const { structured } = await invoke(road(), spoken, "lamp_tell", { target: "kitchen", text: "on\toff" }, { caller });
    assert.deepEqual(structured, { said: "on\toff" });
  });

  it("that fails inside is INTERNAL with an id that is in the log, and the secret nowhere", async () => {
    const error = await errorOf(call(READ_ONLY_POLICY, "lamp_broken", { target: "kitchen", how: "error" }));
    assert.equal(error.code, "INTERNAL");
    assert.ok(!JSON.stringify([error.message, error.hint, error.details]).includes(SECRET));
    assert.ok(logged.join().includes(/under (\w+)/.exec(error.message)?.[1] ?? "no id"));
    assert.deepEqual(records.at(-1)?.kind === "outcome" && records.at(-1), { ...records.at(-1), outcome: "INTERNAL" });
  });
});

describe("the deadline", () => {
  it("ends a call whose tool listens to nothing", async () => {
    const error = await errorOf(call(READ_ONLY_POLICY, "lamp_deaf", { target: "kitchen" }));
    assert.equal(error.code, "TIMED_OUT");
    assert.match(error.message, /No answer within 0\.2 s/);
  });

  it("and the caller's wish end a tool that listens, also before it began", async () => {
    const controller = new AbortController();
    const withdrawn = call(READ_ONLY_POLICY, "lamp_slow", { target: "kitchen", seconds: 50 }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    assert.equal((await errorOf(withdrawn)).code, "CANCELLED");
    assert.equal(
      (await errorOf(call(READ_ONLY_POLICY, "lamp_state", { target: "kitchen" }, { signal: AbortSignal.abort() }))).code,
      "CANCELLED",
    );
  });

  it("of an act that may have been made says so", async () => {
    const error = await errorOf(call(UNATTENDED, "lamp_smash", { target: "kitchen", slowly: true }));
    assert.equal(error.code, "TIMED_OUT");
    assert.match(error.message, /the change may have been made/);
    assert.match(error.hint ?? "", /Look at the target/);
    assert.equal(lamp().switched, 1);
    assert.deepEqual(kinds(), ["call", "decision", "act", "outcome"]);
  });
});

describe("a change", () => {
  it("is denied without a rule, and its tool never looked at", async () => {
    assert.equal((await errorOf(call(READ_ONLY_POLICY, "lamp_switch", { target: "kitchen", on: true }))).code, "DENIED");
    assert.equal(server.state.opened, 0);
  });

  it("is planned, asked about, planned again, recorded before it is made, verified", async () => {
    const approver = person("approved", () => assert.deepEqual(kinds(), ["call", "decision"]));
    const answer = await call(ASK_FOR_EVERYTHING, "lamp_switch", { target: "kitchen", on: true }, { approver });
    assert.equal(answer.structured["approvedBy"], "anna (test)");
    assert.deepEqual(answer.structured["verification"], { worked: true, says: "the lamp obeyed", after: { isOn: true } });
    assert.deepEqual(
      records.map(({ kind, durable }) => `${kind} ${durable}`),
      ["call false", "decision false", "approval false", "act true", "outcome true"],
    );
    assert.equal(lamp().switched, 1);
  });

  it("is not made when its record cannot be written", async () => {
    audit = { ...NO_AUDIT, write: () => Promise.reject(new Error("disk full")) };
    for (const policy of [ASK_FOR_EVERYTHING, UNATTENDED]) {
      const error = await errorOf(call(policy, "lamp_switch", { target: "kitchen", on: true }, { approver: person("approved") }));
      assert.equal(error.code, "INVALID_CONFIGURATION");
      assert.match(error.message, /nothing was done/);
    }
    assert.equal(lamp().switched, 0);
  });

  it("is not asked about when the question cannot be kept", async () => {
    const file = path.join(dir, "not-a-folder");
    await writeFile(file, "");
    approvals = openApprovals({ dir: path.join(file, "approvals") });
    const approver = person("approved");
    const error = await errorOf(call(ASK_FOR_EVERYTHING, "lamp_switch", { target: "kitchen", on: true }, { approver }));
    assert.deepEqual([error.code, approver.asked, lamp().switched], ["INVALID_CONFIGURATION", 0, 0]);
  });

  it("is void when the state moved while the person thought", async () => {
    const approver = person("approved", () => {
      lamp().switched = 5;
    });
    assert.equal((await errorOf(call(ASK_FOR_EVERYTHING, "lamp_switch", { target: "kitchen", on: true }, { approver }))).code, "PLAN_VOID");
    assert.equal(lamp().isOn, false);
  });

  it("is refused by a person, and not asked about again while nothing changes", async () => {
    const approver = person("refused");
    for (const _ of [1, 2, 3]) {
      assert.equal((await errorOf(call(ASK_FOR_EVERYTHING, "lamp_smash", { target: "kitchen" }, { approver }))).code, "APPROVAL_REFUSED");
    }
    assert.equal(approver.asked, 1);
    assert.equal(lamp().switched, 0);
  });

  it("is CANCELLED when the caller leaves while the person thinks", async () => {
    const controller = new AbortController();
    const approver = person("nobody-there", () => controller.abort());
    const left = call(ASK_FOR_EVERYTHING, "lamp_smash", { target: "kitchen" }, { approver, signal: controller.signal });
    assert.equal((await errorOf(left)).code, "CANCELLED");
    assert.equal(lamp().switched, 0);
  });

  it("waits for a person elsewhere when nobody can be asked, goes on after their yes, once, and only while nothing changed", async () => {
    const again = () => call(ASK_FOR_EVERYTHING, "lamp_switch", { target: "kitchen", on: true });
    const error = await errorOf(again());
    assert.equal(error.code, "APPROVAL_REQUIRED");
    const id = String(error.details?.["approvalId"]);
    assert.equal((await errorOf(again())).details?.["approvalId"], id);
    await openApprovals({ dir }).decide(id, "approved", "bert");
    assert.equal((await errorOf(call(ASK_FOR_EVERYTHING, "lamp_switch", { target: "cellar", on: true }))).code, "APPROVAL_REQUIRED");
    const answer = await again();
    assert.equal(answer.structured["approvedBy"], "bert");
    assert.equal((await errorOf(again())).code, "APPROVAL_REQUIRED");
    assert.equal(lamp().switched, 1);

    const next = String((await errorOf(again())).details?.["approvalId"]);
    await openApprovals({ dir }).decide(next, "approved", "bert");
    lamp().switched = 7;
    assert.equal((await errorOf(again())).code, "PLAN_VOID");
    assert.equal((await errorOf(again())).code, "APPROVAL_REQUIRED");
    assert.equal(lamp().switched, 7);
  });

  it("made by many calls at once on one approval happens once", async () => {
    const again = () => call(ASK_FOR_EVERYTHING, "lamp_switch", { target: "kitchen", on: true });
    const id = String((await errorOf(again())).details?.["approvalId"]);
    await approvals.decide(id, "approved", "bert");
    const all = await Promise.allSettled(Array.from({ length: 10 }, again));
    assert.equal(all.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal(lamp().switched, 1);
  });

  it("that cannot be verified is told as made and not verified", async () => {
    const answer = await call(UNATTENDED, "lamp_smash", { target: "kitchen", verifiably: false });
    assert.deepEqual(answer.structured["verification"], {
      worked: false,
      says: "the change was made, but looking again failed",
      after: null,
    });
    assert.equal(answer.structured["approvedBy"], 'policy rule "robots"');
    assert.match(answer.text, /Not verified/);
  });
});
