import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ago, unseen } from "../example.ts";
import { clearText, firstFound, judged } from "../judged.ts";
import { syncStandbyMissing } from "./pg-sync-standby-missing.ts";

const sender = (application: string, syncState: string) => ({
  pid: 901,
  backendStart: ago(90_000),
  application,
  role: "replicator",
  client: "10.0.0.6",
  state: "streaming",
  syncState,
  replayLagBytes: 0,
  writeLagSeconds: null,
  flushLagSeconds: null,
  replayLagSeconds: null,
  xminAge: null,
  replyAgeSeconds: 0.4,
  slot: null,
});
const overrides = (names: string, senders: ReturnType<typeof sender>[], more = {}) => ({
  "pg.replication": { synchronousStandbyNames: names, senders, ...more },
});
const waiting = { "pg.waits": { events: [{ type: "IPC", event: "SyncRep", averageSessions: 7.5 }] } };

describe("pg-sync-standby-missing", () => {
  it("is critical when sessions are seen waiting in COMMIT", () => {
    const all = { ...overrides("standby1", [sender("other", "async")]), ...waiting };
    assert.deepEqual(judged(syncStandbyMissing, all), ["critical synchronous_standby_names"]);
    assert.equal(firstFound(syncStandbyMissing, all).facts["waitingSessions"], 7.5);
  });

  it("warns while nobody waits yet: the next commit will", () => {
    assert.deepEqual(judged(syncStandbyMissing, overrides("*", [])), ["warning synchronous_standby_names"]);
  });

  it("counts what each spelling asks for", () => {
    const one = [sender("a", "sync")];
    for (const names of ["a", "a, b", "FIRST 1 (a, b)", "any 1 (a, b)", "1 (a,b)"])
      assert.equal(judged(syncStandbyMissing, overrides(names, one)), "clear", names);
    for (const names of ["FIRST 2 (a, b)", "ANY 2 (a,b,c)", "2 (a, b)"]) {
      assert.deepEqual(judged(syncStandbyMissing, overrides(names, one)), ["warning synchronous_standby_names"], names);
    }
    const quorum = [sender("a", "quorum"), sender("b", "quorum")];
    assert.equal(judged(syncStandbyMissing, overrides("ANY 2 (a, b, c)", quorum)), "clear");
  });

  it("is clear where commits do not wait, and on a standby; waits behind a present standby are its pace", () => {
    assert.equal(clearText(syncStandbyMissing, overrides("", [])), "commits wait for no standby");
    assert.equal(clearText(syncStandbyMissing, overrides("a", [sender("a", "sync")])), "the synchronous standbys are streaming");
    assert.equal(judged(syncStandbyMissing, overrides("a", [], { synchronousCommit: "local" })), "clear");
    assert.equal(judged(syncStandbyMissing, overrides("a", [], { inRecovery: true })), "clear");
    assert.equal(judged(syncStandbyMissing, { ...overrides("a", [sender("a", "sync")]), ...waiting }), "clear");
  });

  it("is undecided without replication's evidence", () => {
    assert.equal(judged(syncStandbyMissing, { "pg.replication": unseen("timed-out") }), "undecided: timed-out");
  });
});
