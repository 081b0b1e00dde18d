import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { PgLocks, Session } from "../diagnosis/evidence/pg-activity.ts";
import type { Snapshot } from "../diagnosis/evidence.ts";

/**
 * One incident, written by hand, that has every part of a report in it: a leaking pool that also blocks others, a
 * replication slot that nobody reads, something unexplained, something unseen. For the tests of reports only.
 */
export const TAKEN_AT = "2026-03-14T09:17:45.120Z";

function session(pid: number, over: Partial<Session> = {}): Session {
  return {
    pid,
    backendStart: `2026-03-14T08:5${pid % 10}:02.123456Z`,
    backendType: "client backend",
    database: "shop",
    role: "shop",
    application: "checkout",
    client: "10.2.0.31",
    state: "active",
    waitEventType: "Lock",
    waitEvent: "transactionid",
    xactAgeSeconds: 41,
    queryAgeSeconds: 40,
    stateAgeSeconds: 40,
    hasWritten: true,
    xminAge: 120,
    queryId: "-4410223",
    query: "update stock set reserved = reserved + $1 where sku = $2",
    ...over,
  };
}

const stock = { schema: "public", name: "stock" };
const rowLock = { lockType: "transactionid", mode: "ShareLock", relation: stock, advisoryKey: null };
const tupleLock = { lockType: "tuple", mode: "ExclusiveLock", relation: stock, advisoryKey: null };

const leaker = session(4711, {
  backendStart: "2026-03-14T08:52:02.123456Z",
  state: "idle in transaction",
  waitEventType: "Client",
  waitEvent: "ClientRead",
  xactAgeSeconds: 312.4,
  stateAgeSeconds: 311.9,
});

const locks: PgLocks = {
  waiting: 6,
  trees: [
    {
      root: { kind: "session", session: leaker },
      holds: [rowLock],
      blocked: 5,
      direct: 1,
      depth: 2,
      longestWaitSeconds: 288,
      waiters: [
        { session: session(4802), wants: rowLock, waitSeconds: 288, blockedBy: [4711], queuedBehind: [], depth: 1 },
        {
          session: session(4811, { application: "warehouse-sync", role: "sync" }),
          wants: tupleLock,
          waitSeconds: 211,
          blockedBy: [4802],
          queuedBehind: [],
          depth: 2,
        },
        {
          session: session(4813, { application: "warehouse-sync", role: "sync" }),
          wants: tupleLock,
          waitSeconds: 170,
          blockedBy: [4802],
          queuedBehind: [],
          depth: 2,
        },
        { session: session(4820), wants: tupleLock, waitSeconds: 96, blockedBy: [4802], queuedBehind: [], depth: 2 },
        { session: session(4825), wants: tupleLock, waitSeconds: 31, blockedBy: [4802], queuedBehind: [], depth: 2 },
      ],
    },
    {
      root: { kind: "prepared-transaction", gid: "payout-2291", owner: "payments", database: "shop", ageSeconds: 86_400 },
      holds: [{ lockType: "relation", mode: "RowExclusiveLock", relation: { schema: "public", name: "payouts" }, advisoryKey: null }],
      blocked: 1,
      direct: 1,
      depth: 1,
      longestWaitSeconds: 12,
      waiters: [
        {
          session: session(4990, { application: "psql", role: "dba", query: "alter table payouts add column note text" }),
          wants: { lockType: "relation", mode: "AccessExclusiveLock", relation: { schema: "public", name: "payouts" }, advisoryKey: null },
          waitSeconds: 12,
          blockedBy: [0],
          queuedBehind: [],
          depth: 1,
        },
      ],
    },
  ],
  cycles: [],
  lockTableCapacity: 6400,
  locksHeld: 431,
};

export const exampleSnapshot: Snapshot = {
  schemaVersion: 1,
  target: "shop",
  takenAt: TAKEN_AT,
  durationMs: 3412,
  evidence: {
    complaint: {
      outcome: "seen",
      durationMs: 0,
      value: { text: "Checkout has returned 500s since 09:12. The log says: sorry, too many clients already.", sqlStates: ["53300"] },
    },
    "pg.server": {
      outcome: "seen",
      durationMs: 4,
      value: {
        versionNum: 170010,
        version: "PostgreSQL 17.10 on x86_64-pc-linux-gnu, compiled by gcc",
        flavour: "community",
        startedAt: "2026-02-02T03:00:00.000Z",
        uptimeSeconds: 3_478_665,
        configLoadedAt: "2026-02-02T03:00:00.000Z",
        inRecovery: false,
        expectedRole: "primary",
        defaultTransactionReadOnly: false,
        database: "shop",
        role: {
          name: "helpdesk",
          superuser: false,
          replication: false,
          monitor: true,
          readAllStats: true,
          readAllSettings: true,
          signalBackend: false,
          mayUseReservedSlots: true,
        },
        dataChecksums: true,
        postmasterRestartedDuringSampling: false,
      },
    },
    "pg.slots": {
      outcome: "seen",
      durationMs: 5,
      value: { max: 100, reserved: 3, superuserReserved: 3, usable: 97, used: 97, ours: 1, roles: [], databases: [] },
    },
    "pg.sessions": {
      outcome: "seen",
      durationMs: 18,
      value: {
        total: 96,
        active: 6,
        idle: 1,
        idleInTransaction: 87,
        idleInTransactionAborted: 2,
        waitingForLock: 6,
        idleLong: 1,
        startedLastMinute: 0,
        statesVisible: true,
        groups: [],
        oldestTransactions: [leaker, session(4802), session(4990, { application: "psql", role: "dba", xactAgeSeconds: 12 })],
        longestStatements: [],
        idleInTransactionSessions: [leaker],
      },
    },
    "pg.locks": { outcome: "seen", durationMs: 22, value: locks },
    "pg.waits": {
      outcome: "seen",
      durationMs: 3003,
      value: {
        samples: 30,
        intervalMs: 100,
        seconds: 3,
        averageActive: 7.4,
        events: [
          { type: "Lock", event: "tuple", averageSessions: 4 },
          { type: "Lock", event: "transactionid", averageSessions: 1 },
          { type: "Lock", event: "relation", averageSessions: 1 },
          { type: null, event: null, averageSessions: 0.9 },
          { type: "IO", event: "DataFileRead", averageSessions: 0.3 },
          { type: "LWLock", event: "WALWrite", averageSessions: 0.2 },
        ],
        statements: [],
        lockWaits: [],
      },
    },
    "pg.statements": {
      outcome: "unseen",
      durationMs: 2,
      because: "extension-absent",
      message: "pg_stat_statements is not installed in shop",
      hint: "create extension pg_stat_statements",
    },
    "pg.replication": {
      outcome: "seen",
      durationMs: 9,
      value: {
        inRecovery: false,
        synchronousStandbyNames: "",
        synchronousCommit: "on",
        senders: [],
        slots: [
          {
            name: "warehouse_cdc",
            type: "logical",
            database: "shop",
            active: false,
            activePid: null,
            temporary: false,
            walStatus: "extended",
            retainedBytes: 51_539_607_552,
            safeWalBytes: null,
            xminAge: null,
            catalogXminAge: 2_213_400,
            inactiveSeconds: 401_220,
            invalidationReason: null,
            growthBytesPerSecond: 412_000,
          },
          {
            name: "standby_b",
            type: "physical",
            database: null,
            active: true,
            activePid: 311,
            temporary: false,
            walStatus: "reserved",
            retainedBytes: 16_777_216,
            safeWalBytes: null,
            xminAge: null,
            catalogXminAge: null,
            inactiveSeconds: null,
            invalidationReason: null,
            growthBytesPerSecond: 0,
          },
        ],
        standby: null,
        subscriptions: [],
      },
    },
    "pg.disk": {
      outcome: "unseen",
      durationMs: 3,
      because: "no-permission",
      message: "pg_ls_waldir is not allowed",
      hint: "grant pg_monitor to helpdesk",
    },
  },
};

const checkout = { kind: "client" as const, application: "checkout", role: "shop" };

export const exampleDiagnosis: Diagnosis = {
  schemaVersion: 1,
  target: "shop",
  takenAt: TAKEN_AT,
  durationMs: 3412,
  verdict: "problems",
  causes: [
    {
      id: "leaked-transactions",
      title: "The application opens transactions and never ends them",
      severity: "critical",
      object: checkout,
      summary:
        '89 of 95 sessions of "checkout" are idle inside a transaction, the longest for 312 s; together they hold 89 of 97 connection slots.',
      proof: ["pg-idle-in-transaction:checkout as shop"],
      explains: ["pg-connections-exhausted", "pg-lock-chain:pid 4711"],
      ruledOut: [
        { id: "connection-limit-too-low", because: "89 of the 97 slots are held by sessions that do nothing" },
        { id: "connection-surge", because: "0 sessions started within the last minute" },
      ],
      remedies: [4711, 4712, 4713, 4714].map((pid) => ({
        tool: "pg_terminate_session",
        arguments: { pid, backendStart: `2026-03-14T08:52:02.${pid}56Z` },
        effect: "destroy" as const,
        say: `End session ${pid} of "checkout" to free its slot and its locks now`,
      })),
      advice: [
        "alter role shop set idle_in_transaction_session_timeout = '60s'; new sessions get it",
        "Find the code path of checkout that leaves a transaction open when a payment call times out",
      ],
    },
    {
      id: "stale-replication-slot",
      title: "A replication slot that nobody reads keeps WAL",
      severity: "warning",
      object: { kind: "slot", name: "warehouse_cdc" },
      summary: "Slot warehouse_cdc has been inactive for 4.6 days and keeps 48 GiB of WAL, growing by 402 KiB/s.",
      proof: ["pg-slot-inactive:warehouse_cdc"],
      explains: [],
      ruledOut: [],
      remedies: [],
      advice: ["When its consumer will not come back: select pg_drop_replication_slot('warehouse_cdc')"],
    },
    {
      id: "unused-indexes",
      title: "Indexes that nothing reads",
      severity: "advice",
      object: { kind: "index", schema: "public", name: "orders_note_idx", table: "orders" },
      summary: "public.orders_note_idx (2.1 GiB) has not been scanned in 40 days.",
      proof: ["pg-index-unused:public.orders_note_idx"],
      explains: [],
      ruledOut: [],
      remedies: [],
      advice: ["drop index concurrently public.orders_note_idx"],
    },
  ],
  findings: [
    {
      key: "pg-connections-exhausted",
      rule: "pg-connections-exhausted",
      severity: "critical",
      object: null,
      summary: "97 of 97 connection slots in use, 89 of them idle in a transaction",
      facts: { used: 97, usable: 97, idleInTransaction: 89 },
      evidence: ["pg.slots", "pg.sessions"],
    },
    {
      key: "pg-idle-in-transaction:checkout as shop",
      rule: "pg-idle-in-transaction",
      severity: "critical",
      object: checkout,
      summary: '89 of 95 sessions of "checkout" are idle inside a transaction, the longest for 312 s',
      facts: { idleInTransaction: 89, total: 95, longestSeconds: 312.4 },
      evidence: ["pg.sessions"],
    },
    {
      key: "pg-lock-chain:pid 4711",
      rule: "pg-lock-chain",
      severity: "critical",
      object: {
        kind: "session",
        pid: 4711,
        backendStart: "2026-03-14T08:52:02.123456Z",
        application: "checkout",
        role: "shop",
        database: "shop",
      },
      summary: '5 sessions wait for pid 4711 ("checkout", idle in transaction), the longest for 288 s, over public.stock',
      facts: { blocked: 5, longestWaitSeconds: 288 },
      evidence: ["pg.locks"],
    },
    {
      key: "pg-slot-inactive:warehouse_cdc",
      rule: "pg-slot-inactive",
      severity: "warning",
      object: { kind: "slot", name: "warehouse_cdc" },
      summary: "Slot warehouse_cdc is inactive and keeps 48 GiB of WAL",
      facts: { retainedBytes: 51_539_607_552, inactiveSeconds: 401_220 },
      evidence: ["pg.replication"],
    },
    {
      key: "pg-temp-files:shop",
      rule: "pg-temp-files",
      severity: "warning",
      object: { kind: "database", name: "shop" },
      summary: 'Database "shop" writes 38 MiB/s of temporary files',
      facts: { tempBytesPerSecond: 39_845_888 },
      evidence: ["pg.databases"],
    },
    {
      key: "pg-index-unused:public.orders_note_idx",
      rule: "pg-index-unused",
      severity: "advice",
      object: { kind: "index", schema: "public", name: "orders_note_idx", table: "orders" },
      summary: "public.orders_note_idx (2.1 GiB) has not been scanned in 40 days",
      facts: { sizeBytes: 2_254_857_830, days: 40 },
      evidence: ["pg.indexes"],
    },
  ],
  unexplained: ["pg-temp-files:shop"],
  undecided: [
    {
      rule: "pg-missing-index",
      missing: [{ evidence: "pg.statements", because: "extension-absent", hint: "create extension pg_stat_statements" }],
    },
    {
      rule: "pg-temp-spill",
      missing: [{ evidence: "pg.statements", because: "extension-absent", hint: "create extension pg_stat_statements" }],
    },
    { rule: "pg-wal-disk-full", missing: [{ evidence: "pg.disk", because: "no-permission", hint: "grant pg_monitor to helpdesk" }] },
  ],
  looked: [
    { evidence: "complaint", outcome: "seen", durationMs: 0 },
    { evidence: "pg.server", outcome: "seen", durationMs: 4 },
    { evidence: "pg.slots", outcome: "seen", durationMs: 5 },
    { evidence: "pg.sessions", outcome: "seen", durationMs: 18 },
    { evidence: "pg.locks", outcome: "seen", durationMs: 22 },
    { evidence: "pg.waits", outcome: "seen", durationMs: 3003 },
    { evidence: "pg.statements", outcome: "unseen", durationMs: 2 },
    { evidence: "pg.replication", outcome: "seen", durationMs: 9 },
    { evidence: "pg.disk", outcome: "unseen", durationMs: 3 },
  ],
};

export const healthyDiagnosis: Diagnosis = {
  ...exampleDiagnosis,
  verdict: "healthy",
  causes: [],
  findings: [],
  unexplained: [],
  undecided: [],
  looked: exampleDiagnosis.looked.map((one) => ({ ...one, outcome: "seen" })),
};

/** What an attacker can put where a report prints it: an application name, a query, a role, an error message. */
export const HOSTILE =
  "</script><script>alert(1)</script><img src=x onerror=alert(1)> \"' \u001b[31mred\u001b]8;;http://evil.example\u0007 \u202Eoverride @everyone [x](javascript:alert(1)) `ticks` | # http://evil.example $x\r\n# heading";

/** Every text that came from the target, replaced by something hostile. */
export function hostileDiagnosis(): Diagnosis {
  return JSON.parse(JSON.stringify(exampleDiagnosis), hostileWhereText);
}

export function hostileSnapshot(): Snapshot {
  return JSON.parse(JSON.stringify(exampleSnapshot), hostileWhereText);
}

const FROM_THE_TARGET = new Set([
  "application",
  "query",
  "summary",
  "because_",
  "say",
  "text",
  "name",
  "role",
  "message",
  "gid",
  "owner",
  "database",
  "event",
  "client",
]);

function hostileWhereText(key: string, value: unknown): unknown {
  return typeof value === "string" && FROM_THE_TARGET.has(key) ? HOSTILE : value;
}

/** Too much of everything: 300 causes with long names, as a bundle from elsewhere could hold. */
export function hugeDiagnosis(): Diagnosis {
  const [cause] = exampleDiagnosis.causes;
  const [finding] = exampleDiagnosis.findings;
  if (cause === undefined || finding === undefined) throw new Error("the example has lost its parts");
  const keys = Array.from({ length: 300 }, (_, index) => `pg-idle-in-transaction:${index}${"x".repeat(90)}`);
  return {
    ...exampleDiagnosis,
    causes: keys.map((key) => ({
      ...cause,
      summary: `${cause.summary} ${"long ".repeat(400)}`,
      proof: keys,
      explains: keys,
      advice: [cause.summary.repeat(20), key],
    })),
    findings: keys.map((key) => ({ ...finding, key, summary: `${"word ".repeat(500)}${key}` })),
    unexplained: keys,
    undecided: keys.map((key) => ({ rule: key, missing: [{ evidence: key, because: "failed", hint: key.repeat(5) }] })),
    looked: keys.map((evidence) => ({ evidence, outcome: "seen", durationMs: 1 })),
  };
}
