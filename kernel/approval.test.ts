import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { type Approvals, type Intent, openApprovals } from "./approval.ts";
import type { Plan } from "./tool.ts";

const SECRET = "hunter2Zx9";

const intent: Intent = {
  server: "postgres",
  tool: "pg_terminate_session",
  target: "orders",
  arguments: { pid: 4711, note: `password=${SECRET}` },
  caller: "anna",
};
const plan: Plan = {
  summary: "Terminate session 4711",
  object: { pid: 4711, backendStart: "2026-11-22T10:00:00Z" },
  blastRadius: "one session",
  undo: "cannot be undone",
  observed: { state: "idle in transaction", xact: 12 },
};

let dir = "";
let clock = new Date("2026-11-22T12:00:00Z");
let approvals: Approvals;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "approval-"));
  clock = new Date("2026-11-22T12:00:00Z");
  approvals = openApprovals({ dir, now: () => clock });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const pass = (seconds: number) => {
  clock = new Date(clock.getTime() + seconds * 1_000);
};
/** Another process: nothing is shared but the folder. */
const elsewhere = () => openApprovals({ dir, now: () => clock });

describe("an approval", () => {
  it("given in another process lets the same call be made once, and names who gave it", async () => {
    const { id, state } = await approvals.request(intent, plan);
    assert.equal(state, "pending");
    assert.equal(await approvals.standing(intent, plan), undefined);
    const [listed] = await elsewhere().list();
    assert.deepEqual([listed?.id, listed?.plan.summary, listed?.by], [id, "Terminate session 4711", null]);
    await elsewhere().decide(id, "approved", "bert");
    assert.equal((await approvals.standing(intent, plan))?.id, id);
    assert.equal((await approvals.redeem(id, intent, plan)).by, "bert");
    await assert.rejects(elsewhere().redeem(id, intent, plan), { code: "APPROVAL_REFUSED" });
    assert.equal(await approvals.standing(intent, plan), undefined);
  });

  it("is used by one of many calls at the same time", async () => {
    const { id } = await approvals.request(intent, plan);
    await approvals.decide(id, "approved", "bert");
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => elsewhere().redeem(id, intent, plan)));
    assert.equal(all.filter(({ status }) => status === "fulfilled").length, 1);
  });

  it("is decided by one of many people at the same time", async () => {
    const { id } = await approvals.request(intent, plan);
    const people = Array.from({ length: 10 }, (_, n) => elsewhere().decide(id, n % 2 === 0 ? "approved" : "refused", `person ${n}`));
    const all = await Promise.allSettled(people);
    assert.equal(all.filter(({ status }) => status === "fulfilled").length, 1);
  });

  it("is for exactly this server, tool, target, arguments and caller", async () => {
    const { id } = await approvals.request(intent, plan);
    await approvals.decide(id, "approved", "bert");
    const others: Intent[] = [
      { ...intent, server: "k8s" },
      { ...intent, tool: "pg_cancel_query" },
      { ...intent, target: "billing" },
      { ...intent, arguments: { pid: 4712, note: `password=${SECRET}` } },
      { ...intent, arguments: { pid: "4711", note: `password=${SECRET}` } },
      { ...intent, caller: "mallory" },
    ];
    for (const other of others) {
      assert.equal(await approvals.standing(other, plan), undefined);
      await assert.rejects(approvals.redeem(id, other, plan), { code: "APPROVAL_REFUSED" });
    }
    const sameInOtherOrder = { ...intent, arguments: { note: `password=${SECRET}`, pid: 4711 } };
    assert.equal((await approvals.redeem(id, sameInOtherOrder, plan)).state, "used");
  });

  it("is void, and used up, when the object or its state has changed", async () => {
    for (const moved of [
      { ...plan, observed: { state: "active", xact: 12 } },
      { ...plan, object: { pid: 4711, backendStart: "2026-11-22T11:00:00Z" } },
    ]) {
      const { id } = await approvals.request(intent, plan);
      await approvals.decide(id, "approved", "bert");
      await assert.rejects(approvals.redeem(id, intent, moved), { code: "PLAN_VOID" });
      await assert.rejects(approvals.redeem(id, intent, plan), { code: "APPROVAL_REFUSED" });
    }
  });

  it("is not voided by words that merely count the time", async () => {
    const { id } = await approvals.request(intent, plan);
    await approvals.decide(id, "approved", "bert");
    await approvals.redeem(id, intent, { ...plan, summary: "Terminate session 4711, idle for 313 s" });
  });

  it("expires, before and after it was given, and is forgotten a day later", async () => {
    const first = await approvals.request(intent, plan);
    pass(601);
    await assert.rejects(approvals.decide(first.id, "approved", "bert"), { code: "NOT_FOUND", message: /is expired already/ });
    const second = await approvals.request(intent, plan);
    assert.notEqual(second.id, first.id);
    await approvals.decide(second.id, "approved", "bert");
    pass(601);
    assert.equal(await approvals.standing(intent, plan), undefined);
    await assert.rejects(approvals.redeem(second.id, intent, plan), { code: "APPROVAL_REFUSED" });
    pass(90_000);
    await approvals.request({ ...intent, target: "billing" }, plan);
    assert.equal((await readdir(dir)).filter((name) => name.endsWith(".json")).length, 1);
  });

  it("asked for twice in the same state is the same question, in another state another", async () => {
    const first = await approvals.request(intent, plan);
    assert.equal((await elsewhere().request(intent, plan)).id, first.id);
    assert.notEqual((await approvals.request(intent, { ...plan, observed: { xact: 13 } })).id, first.id);
  });

  it("that was refused stands as refused for that state only", async () => {
    const { id } = await approvals.request(intent, plan);
    await approvals.decide(id, "refused", "bert");
    assert.equal((await approvals.standing(intent, plan))?.state, "refused");
    assert.equal(await approvals.standing(intent, { ...plan, observed: { xact: 13 } }), undefined);
    await assert.rejects(approvals.redeem(id, intent, plan), { code: "APPROVAL_REFUSED" });
    await assert.rejects(approvals.decide(id, "approved", "bert"), { code: "NOT_FOUND", message: /is refused already/ });
  });

  it("cannot be made by whoever can write the folder but does not have the key", async () => {
    const { id } = await approvals.request(intent, plan);
    const decision = { id, decision: "approved", by: "mallory", at: clock.toISOString(), requestMac: "0".repeat(64), mac: "0".repeat(64) };
    await writeFile(path.join(dir, `${id}.decision.json`), JSON.stringify(decision));
    assert.equal(await approvals.standing(intent, plan), undefined);
    await assert.rejects(approvals.redeem(id, intent, plan), { code: "APPROVAL_REFUSED" });
  });

  it("is lost when any byte of its request or decision is changed", async () => {
    const { id } = await approvals.request(intent, plan);
    await approvals.decide(id, "approved", "bert");
    for (const part of ["request", "decision"]) {
      const file = path.join(dir, `${id}.${part}.json`);
      const whole = await readFile(file, "utf8");
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 3), async (at) => {
          const changed = `${whole.slice(0, at)}${whole[at] === "1" ? "2" : "1"}${whole.slice(at + 1)}`;
          await writeFile(file, changed);
          assert.equal(await approvals.standing(intent, plan), undefined, changed);
        }),
        { numRuns: 60 },
      );
      await writeFile(file, whole);
    }
    assert.equal((await approvals.standing(intent, plan))?.id, id);
  });

  it("keeps no secret, and its key and files for its owner only", async () => {
    const { id, arguments: shown } = await approvals.request(intent, plan);
    await approvals.decide(id, "approved", "bert");
    assert.ok(!JSON.stringify(shown).includes(SECRET));
    for (const file of await readdir(dir)) {
      assert.ok(!(await readFile(path.join(dir, file), "utf8")).includes(SECRET));
      assert.equal((await stat(path.join(dir, file))).mode & 0o077, 0, file);
    }
  });

  it("of an id that is none is not looked for", async () => {
    await writeFile(path.join(dir, "secret.request.json"), "{}");
    for (const id of ["../secret", "secret", "", "0123456789"]) {
      await assert.rejects(approvals.decide(id, "approved", "bert"), { code: "NOT_FOUND" });
      await assert.rejects(approvals.redeem(id, intent, plan), { code: "APPROVAL_REFUSED" });
    }
    assert.deepEqual(await openApprovals({ dir: path.join(dir, "nowhere") }).list(), []);
  });
});
